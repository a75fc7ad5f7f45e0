// What customers and staff do about feedback: answer a survey by its link, write a review, look at it, answer it; and choose
// what one wants to hear.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => {
  stage = await openStage({ more: ['--people', '2000'] });
});
after(() => stage.close());

test('a survey is made, answered by its link in the reader’s language, and counted', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  await staff.getByRole('button', { name: 'Make a survey' }).click();
  await staff.getByLabel('Name, for you and the map').fill('After delivery');
  await staff.getByRole('button', { name: 'Make it' }).click();
  const card = staff.getByRole('article').filter({ hasText: 'After delivery' });
  await card.getByText('30 more are needed').waitFor();
  const link = await card.getByRole('link', { name: 'Look at it' }).getAttribute('href');
  const context = await stage.browser.newContext({ locale: 'fr', baseURL: stage.origin, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('heading', { name: 'Êtes-vous satisfait' }).waitFor();
  await page.getByLabel('4', { exact: true }).check();
  await page.getByLabel(/Pourquoi/).fill('Le livreur était aimable.');
  await page.getByRole('button', { name: 'Envoyer' }).click();
  await page.getByRole('heading', { name: 'Merci' }).waitFor();
  await context.close();
  await staff.reload();
  await staff.getByText('Le livreur était aimable.').waitFor();
  await card.getByText('29 more are needed').waitFor();
  stage.silence();
});

test('a survey of the sample company has a figure with its interval', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  const card = staff.getByRole('article').filter({ hasText: 'Would they recommend us' });
  await card.getByText(/between .+ and .+/).waitFor();
  stage.silence();
});

test('what words say is told by theme, with the texts one click away', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  const words = staff.getByRole('region', { name: 'What their words say' });
  await words.getByText('Complaints', { exact: true }).waitFor();
  await words.getByRole('button', { name: /^delivery/ }).click();
  await words.getByText('The delivery window was too long.').first().waitFor();
  assert.match(staff.url(), /theme=delivery/);
  await staff.reload();
  await words.getByRole('heading', { name: 'Texts that name it: delivery' }).waitFor();
  stage.silence();
});

test('a review waits until somebody has looked at it', async () => {
  const visitor = await stage.page({ signedIn: false });
  await visitor.goto('/p/review?product=Teapot');
  await visitor.getByLabel('3 ★').check();
  await visitor.getByLabel(/Your name/).fill('Zoë');
  await visitor.getByLabel('What you experienced').fill('It drips <script>alert(1)</script>');
  await visitor.getByRole('button', { name: 'Send' }).click();
  await visitor.getByRole('heading', { name: 'Thank you' }).waitFor();
  await visitor.goto('/p/reviews?product=Teapot');
  assert.equal(await visitor.getByText('It drips').count(), 0);
  const staff = await stage.page();
  await staff.goto('/feedback');
  const review = staff.getByRole('listitem').filter({ hasText: 'It drips' });
  await review.getByRole('button', { name: 'Publish' }).click();
  await review.getByText('published').waitFor();
  await review.getByLabel('Our answer, for everybody').fill('We send you a new one.');
  await review.getByRole('button', { name: 'Answer' }).click();
  await staff.waitForTimeout(500);
  await visitor.reload();
  await visitor.getByText('We send you a new one.').waitFor();
  // It is a conversation of the inbox, which the answer has ended.
  await review.getByRole('link', { name: 'conversation' }).click();
  await staff.getByRole('log').getByText('We send you a new one.').waitFor();
  await staff.getByText(/Resolved by/).waitFor();
  stage.silence();
});

test('a review is answered in the inbox, and the answer stands in public', async () => {
  const staff = await stage.page();
  await staff.goto('/inbox?channel=review');
  const item = staff.getByRole('link').filter({ hasText: 'Paul' });
  await item.getByRole('img', { name: '4 of 5 stars' }).waitFor();
  await item.click();
  const log = staff.getByRole('log');
  await log.getByRole('img', { name: '4 of 5 stars' }).waitFor();
  await staff.getByText('Everybody reads this answer').waitFor();
  await staff.getByRole('textbox', { name: 'Answer' }).fill('Le nouveau câble a deux mètres.');
  await staff.getByRole('button', { name: 'Send' }).click();
  await log.getByText('Le nouveau câble a deux mètres.').waitFor();
  const visitor = await stage.page({ signedIn: false });
  // It goes out within a minute.
  for (let turn = 0; turn < 80; turn += 1) {
    await visitor.goto('/p/reviews?product=Blue+lamp');
    if ((await visitor.getByText('Le nouveau câble a deux mètres.').count()) > 0) break;
    await visitor.waitForTimeout(1000);
  }
  await visitor.getByText('Le nouveau câble a deux mètres.').waitFor();
  stage.silence();
});

test('a survey of several questions: made, put in order by the keyboard, looked at, filled in by halves, sent', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  await staff.getByRole('button', { name: 'Make a survey' }).click();
  await staff.getByLabel('Name, for you and the map').fill('Once a year');
  const add = async (kind) => {
    await staff.getByLabel('What it asks').selectOption(kind);
    await staff.getByRole('button', { name: 'Add a question' }).click();
  };
  await add('rater');
  await add('choice');
  const third = staff.getByRole('group', { name: /^3\. / });
  await third.getByLabel('The question in your own words').fill('What did you buy?');
  await third.getByLabel('Options, one in a line').fill('Tea\nA pot');
  await third.getByRole('button', { name: /^Up/ }).press('Enter');
  await staff.getByRole('group', { name: '2. Choice of options' }).waitFor();
  assert.match(await staff.evaluate(() => document.activeElement?.textContent ?? ''), /Up/, 'the keyboard stays on the question');
  const opened = staff.context().waitForEvent('page');
  await staff.getByRole('button', { name: 'Look at the page' }).click();
  const look = await opened;
  await look.getByText('nothing is kept here').waitFor();
  await look.getByText('2. What did you buy?').waitFor();
  await look.close();
  await staff.getByRole('button', { name: 'Make it' }).click();
  const card = staff.getByRole('article').filter({ hasText: 'Once a year' });
  const link = await card.getByRole('link', { name: 'Look at it' }).getAttribute('href');

  const context = await stage.browser.newContext({
    locale: 'ru',
    baseURL: stage.origin,
    javaScriptEnabled: false,
    viewport: { width: 320, height: 640 },
  });
  const page = await context.newPage();
  await page.goto(link);
  const row = (name) => page.getByRole('radiogroup', { name });
  await page.getByRole('group', { name: /^1\. / }).getByLabel('4', { exact: true }).check();
  await page.getByLabel('Tea').check();
  for (const item of [/^Надёжность/, /^Уверенность/, /^Осязаемое/, /^Внимание/]) {
    await row(item).getByLabel('6', { exact: true }).check();
  }
  // A browser would say it by itself; whoever has none that does is told by the page.
  await page.locator('form').evaluate((form) => (form.noValidate = true));
  await page.getByRole('button', { name: 'Отправить' }).click();
  await page.getByRole('alert').getByRole('link', { name: 'Вопрос 3' }).waitFor();
  assert.equal(await row(/^Надёжность/).getByLabel('6', { exact: true }).isChecked(), true, 'nothing is lost');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= 320), true, 'it fits a small phone');
  await row(/^Отзывчивость/).getByLabel('7', { exact: true }).check();
  await page.getByRole('button', { name: 'Отправить' }).click();
  await page.getByRole('heading', { name: 'Спасибо' }).waitFor();
  await context.close();
  await staff.reload();
  await card.getByText('Reliability').waitFor();
  await card.getByText('1 answered, 0 left it out.').first().waitFor();
  stage.silence();
});

test('reviews come from a file that is looked at first, and mentions are noted by hand', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  await staff.getByText('Bring reviews from a file').click();
  const buffer = Buffer.from('rating;text;author\n5;Lovely cups;Zoë\nmany;x;y\n');
  await staff.getByLabel('Choose a file').first().setInputFiles({ name: 'reviews.csv', mimeType: 'text/csv', buffer });
  await staff.getByText(/1 row can be taken/).waitFor();
  await staff.getByText(/write a whole number from 1 to 5/).waitFor();
  await staff.getByRole('button', { name: 'Take 1 new row' }).click();
  await staff.getByText('1 is new', { exact: false }).waitFor();
  await staff.getByRole('listitem').filter({ hasText: 'Lovely cups' }).getByText('waits').waitFor();
  await staff.getByText('Note a mention').click();
  await staff.getByLabel('Where it was said').first().fill('The Paper');
  await staff.getByLabel('Its address').fill('https://example.org/tea');
  await staff.getByLabel('Title').fill('On teapots');
  await staff.getByLabel('Stars that were given').selectOption('4');
  await staff.getByRole('button', { name: 'Note it' }).click();
  const mention = staff.getByRole('listitem').filter({ hasText: 'The Paper' });
  await mention.getByRole('link', { name: 'On teapots' }).waitFor();
  await mention.getByRole('img', { name: '4 of 5 stars' }).waitFor();
  stage.silence();
});

test('comments below a page: written, approved, answered, refused and taken back', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  const part = staff.getByRole('region', { name: 'Comments under pages' });
  await part.getByRole('button', { name: 'Make a block of comments' }).click();
  await part.getByLabel('Name of the block, for you').fill('The blog');
  await part.getByLabel('without a name').check();
  await part.getByRole('button', { name: 'Keep the block' }).click();
  const mine = part.getByRole('listitem').filter({ hasText: 'The blog' }).filter({ hasText: 'The line for your page' });
  await mine.getByText('The line for your page').click();
  const line = await mine.locator('code').textContent();
  const [, token] = /data-block="([0-9a-f]{32})"/.exec(line);

  for (const [language, heading, send] of [
    ['en', 'Comments', 'Send'],
    ['fr', 'Commentaires', 'Envoyer'],
    ['ru', 'Комментарии', 'Отправить'],
  ]) {
    const context = await stage.browser.newContext({ locale: language, baseURL: stage.origin, viewport: { width: 320, height: 640 } });
    const page = await context.newPage();
    await page.goto('/w/demo');
    const put = ([token, language]) => {
      const script = Object.assign(document.createElement('script'), { src: '/w/comments.js' });
      script.dataset.block = token;
      script.dataset.lang = language;
      document.querySelector('main').append(script);
    };
    await page.evaluate(put, [token, language]);
    await page.getByRole('heading', { name: heading }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    await assertAccessible(page, `comments in ${language}`);
    if (language === 'en') {
      await page.getByLabel('with my name', { exact: true }).check();
      await page.getByLabel('Your name').fill('<img src=x onerror=alert(1)>');
      await page.getByLabel('Your comment').fill('Lovely tea <script>document.title = "caught"</script>');
      await page.getByRole('button', { name: send }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('It appears when somebody has looked at it.').waitFor();
    }
    await context.close();
  }
  await staff.reload();
  const comment = part.getByRole('listitem').filter({ hasText: 'Lovely tea' });
  await comment.getByText('<img src=x onerror=alert(1)>').waitFor();
  await comment.getByRole('button', { name: 'Approve' }).click();
  await comment.getByText(/· published/).waitFor();
  await comment.getByLabel('Our answer, for everybody').fill('Thank you!');
  await comment.getByRole('button', { name: 'Answer' }).click();
  await staff.getByText('Answered.').waitFor();
  const reader = await stage.browser.newContext({ locale: 'en', baseURL: stage.origin, javaScriptEnabled: false });
  const page = await reader.newPage();
  const address = `/p/comments/${token}?page=${encodeURIComponent(new URL('/w/demo', stage.origin).href)}`;
  await page.goto(address);
  await page.getByText('Lovely tea <script>').waitFor();
  await page.getByText('Thank you!').waitFor();
  await comment.getByRole('button', { name: 'Refuse' }).click();
  await comment.getByLabel('Why, for your colleagues').fill('Off the subject');
  await comment.getByRole('button', { name: 'Refuse' }).click();
  await comment.getByText('Refused: Off the subject').waitFor();
  await page.reload();
  assert.equal(await page.getByText('Lovely tea').count(), 0);
  await staff.getByText('Refused.', { exact: true }).waitFor();
  await staff.getByRole('button', { name: 'Undo' }).last().click();
  await comment.getByText(/· published/).waitFor();
  await page.reload();
  await page.getByText('Lovely tea <script>').waitFor();
  await reader.close();
  stage.silence();
});

test('whoever confirmed their address is told by mail why their comment is refused, in their language', async () => {
  const staff = await stage.page();
  const { blocks } = await (await staff.request.get('/api/feedback/comments')).json();
  const { token } = blocks.find((block) => block.settings.name === 'Advice pages');
  const letters = async () => (await (await staff.request.get('/api/conversations/mail')).json()).letters;
  const context = await stage.browser.newContext({ locale: 'fr', baseURL: stage.origin, javaScriptEnabled: false });
  const writer = await context.newPage();
  await writer.goto(`/p/comments/${token}?page=shop.example/advice/lamps`);
  await writer.getByLabel(/confirmé par un lien/).check();
  await writer.getByLabel('Votre nom').fill('Zélie');
  await writer.getByLabel(/Votre adresse/).fill('zelie@example.org');
  await writer.getByLabel('Votre commentaire').fill('Venez plutôt dans ma boutique.');
  await writer.getByRole('button', { name: 'Envoyer' }).click();
  await writer.getByRole('heading', { name: 'Merci' }).waitFor();
  const asked = (await letters()).find((letter) => letter.recipient === 'zelie@example.org');
  await writer.goto(new URL(/http\S+/.exec(asked.text)[0]).pathname);
  await writer.getByRole('button', { name: 'Oui' }).click();
  await writer.getByRole('heading', { name: 'c’est confirmé' }).waitFor();
  await context.close();

  await staff.goto('/feedback');
  const part = staff.getByRole('region', { name: 'Comments under pages' });
  const comment = part.getByRole('listitem').filter({ hasText: 'Venez plutôt' });
  await comment.getByRole('button', { name: 'Refuse' }).click();
  assert.equal(await comment.getByLabel('Tell its writer by mail').isChecked(), true);
  await comment.getByLabel('Why, in the writer’s language').selectOption('advertising');
  await comment.getByLabel('More, for its writer').fill('Écrivez-nous.');
  await assertAccessible(staff, 'a refusal that is told');
  await comment.getByRole('button', { name: 'Refuse' }).click();
  await comment.getByText('Refused and told: it advertises — Écrivez-nous.').waitFor();
  const told = (await letters()).filter((letter) => letter.id.startsWith('comment-refused'));
  assert.equal(told.length, 1);
  assert.match(told[0].text, /Nous ne publions pas[^]+publicité[^]+Écrivez-nous\./);
  stage.silence();
});
