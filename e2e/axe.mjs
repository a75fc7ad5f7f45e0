// Asks axe-core whether a page is accessible (WCAG 2.2 AA) and fails with what is wrong and where.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Checks the page as it stands now. The tool comes in by the debugger, so the page's content policy stays as it is. */
export async function assertAccessible(page, what) {
  await page.evaluate(source);
  const violations = await page.evaluate(
    async (tags) => (await window.axe.run(document, { runOnly: tags })).violations,
    tags,
  );
  const told = violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`);
    return [`${id}: ${help}`, ...places].join('\n  ');
  });
  assert.deepEqual(told, [], what);
}
