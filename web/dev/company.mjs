// @ts-check
// A sample company for developing and testing pages without the server: an online tea shop with 28 touchpoints, and
// a report in which one of each interesting verdict is planted. Rates carry true Wilson intervals; all else is made up
// from a fixed seed. The product never ships this file.

/** @import { MapReport, Figure, TouchpointFigures, TouchpointMap, Verdict } from '../src/app/api/types' */

const day = 86_400_000_000;
const now = Date.UTC(2026, 9, 31, 18) * 1000;
const stageIds = ['awareness', 'knowledge', 'consideration', 'selection', 'satisfaction', 'loyalty', 'advocacy'];

/** @type {[string, string, string, string, string, string, string, string, number, number, number, number][]} */
// id, EN, FR, RU, channel, kind, direction, stages, people, conversion, cost (minor units), satisfied (0: not asked)
const rows = [
  [
    'online-ad',
    'Online advertisement',
    'Publicité en ligne',
    'Реклама в интернете',
    'advertising',
    'digital',
    'outbound',
    'AC',
    9120,
    0.071,
    1_240_000,
    0,
  ],
  [
    'search',
    'Search result',
    'Résultat de recherche',
    'Результат поиска',
    'search',
    'digital',
    'inbound',
    'AK',
    7350,
    0.128,
    0,
    0,
  ],
  [
    'home-page',
    'Web site home page',
    'Page d’accueil du site',
    'Главная страница сайта',
    'web',
    'digital',
    'two_way',
    'AK',
    13240,
    0.121,
    96_000,
    0,
  ],
  [
    'product-page',
    'Product page',
    'Page produit',
    'Страница товара',
    'web',
    'digital',
    'two_way',
    'KC',
    10480,
    0.163,
    84_000,
    0.71,
  ],
  [
    'guide',
    'Brewing guide',
    'Guide d’infusion',
    'Гид по завариванию',
    'web',
    'digital',
    'outbound',
    'KC',
    890,
    0.288,
    24_000,
    0.88,
  ],
  [
    'blog',
    'Blog post',
    'Article de blog',
    'Статья в блоге',
    'web',
    'digital',
    'outbound',
    'KL',
    2310,
    0.119,
    62_000,
    0,
  ],
  [
    'pop-up',
    'Pop-up with a first-order offer',
    'Pop-up avec offre de première commande',
    'Всплывающее окно со скидкой на первый заказ',
    'web',
    'digital',
    'outbound',
    'CS',
    4120,
    0.142,
    12_000,
    0,
  ],
  [
    'help-chat',
    'Help chat',
    'Boîte de chat d’aide',
    'Чат в реальном времени',
    'chat',
    'human',
    'two_way',
    'CST',
    1460,
    0.261,
    310_000,
    0.84,
  ],
  [
    'chatbot',
    'Chatbot',
    'Agent conversationnel',
    'Чат-бот',
    'chat',
    'digital',
    'two_way',
    'CST',
    2050,
    0.139,
    45_000,
    0.46,
  ],
  [
    'contact-form',
    'Contact form',
    'Formulaire de contact',
    'Форма обратной связи',
    'web',
    'digital',
    'inbound',
    'CT',
    610,
    0.174,
    30_000,
    0,
  ],
  [
    'contact-data',
    'Contact data on the site',
    'Coordonnées sur le site',
    'Контактные данные на сайте',
    'web',
    'static',
    'inbound',
    'AKCSTLV',
    1730,
    0.133,
    0,
    0,
  ],
  [
    'newsletter',
    'Newsletter',
    'Lettre d’information',
    'Рассылка',
    'e-mail',
    'digital',
    'outbound',
    'KCL',
    8240,
    0.148,
    418_000,
    0,
  ],
  [
    'welcome-mail',
    'Welcome e-mail',
    'E-mail de bienvenue',
    'Приветственное письмо',
    'e-mail',
    'digital',
    'outbound',
    'S',
    3010,
    0.208,
    4_000,
    0,
  ],
  [
    'order-mail',
    'Order confirmation',
    'Confirmation de commande',
    'Подтверждение заказа',
    'e-mail',
    'digital',
    'outbound',
    'S',
    2870,
    0.31,
    4_000,
    0.79,
  ],
  [
    'follow-up-mail',
    'Follow-up e-mail',
    'E-mail de suivi',
    'Письмо с повторным контактом',
    'e-mail',
    'digital',
    'outbound',
    'TL',
    1220,
    0.271,
    8_000,
    0.77,
  ],
  [
    'sms',
    'SMS on delivery day',
    'SMS le jour de la livraison',
    'СМС в день доставки',
    'sms',
    'digital',
    'outbound',
    'STL',
    2440,
    0.228,
    39_000,
    0.81,
  ],
  [
    'app',
    'Mobile app',
    'Application mobile',
    'Мобильное приложение',
    'mobile',
    'digital',
    'two_way',
    'STL',
    1910,
    0.244,
    520_000,
    0.68,
  ],
  [
    'social-post',
    'Social brand page',
    'Page de marque sur les réseaux',
    'Страница бренда в соцсети',
    'social',
    'digital',
    'outbound',
    'AKL',
    5280,
    0.094,
    210_000,
    0,
  ],
  [
    'social-message',
    'Social direct message',
    'Message privé',
    'Личное сообщение',
    'social',
    'human',
    'two_way',
    'CT',
    540,
    0.219,
    88_000,
    0,
  ],
  [
    'flash-sale',
    'Flash sale',
    'Vente éclair',
    'Быстрая распродажа',
    'social',
    'digital',
    'outbound',
    'CS',
    1680,
    0.183,
    74_000,
    0,
  ],
  [
    'social-shop',
    'Purchase inside the network',
    'Achat dans le réseau social',
    'Покупка в соцсети',
    'social',
    'digital',
    'two_way',
    'S',
    24,
    0.17,
    18_000,
    0,
  ],
  ['invoice', 'Invoice', 'Facture', 'Счёт', 'e-mail', 'static', 'outbound', 'ST', 2870, 0.305, 52_000, 0],
  [
    'packaging',
    'Packaging with a QR code',
    'Emballage avec code QR',
    'Упаковка с QR-кодом',
    'product',
    'physical',
    'outbound',
    'ST',
    0,
    0,
    126_000,
    0,
  ],
  [
    'delivery',
    'Delivery',
    'Livraison',
    'Доставка',
    'logistics',
    'physical',
    'outbound',
    'ST',
    2790,
    0.299,
    940_000,
    0.58,
  ],
  [
    'survey',
    'Post-purchase survey',
    'Enquête après achat',
    'Опрос после покупки',
    'e-mail',
    'digital',
    'two_way',
    'TL',
    1140,
    0.252,
    9_000,
    0,
  ],
  [
    'review',
    'Review on a third-party site',
    'Avis sur un site tiers',
    'Отзыв на стороннем сайте',
    'third-party',
    'digital',
    'inbound',
    'CTV',
    980,
    0.214,
    0,
    0,
  ],
  [
    'sharing',
    'Sharing by customers',
    'Partage par les clients',
    'Публикации клиентов',
    'social',
    'digital',
    'inbound',
    'V',
    320,
    0.203,
    0,
    0,
  ],
  [
    'referral',
    'Referral link',
    'Lien de parrainage',
    'Реферальная ссылка',
    'word-of-mouth',
    'human',
    'inbound',
    'VA',
    410,
    0.236,
    21_000,
    0.9,
  ],
];

const letters = 'AKCSTLV';
/** @type {Record<string, string>} */
const channelNames = {
  advertising: 'Advertising|Publicité|Реклама',
  search: 'Search|Recherche|Поиск',
  web: 'Web site|Site web|Сайт',
  chat: 'Chat|Chat|Чат',
  'e-mail': 'E-mail|E-mail|Электронная почта',
  sms: 'SMS|SMS|СМС',
  mobile: 'Mobile app|Application mobile|Мобильное приложение',
  social: 'Social network|Réseau social|Социальная сеть',
  product: 'Product|Produit|Товар',
  logistics: 'Delivery|Livraison|Доставка',
  'third-party': 'Third party|Tiers|Сторонний сайт',
  'word-of-mouth': 'Word of mouth|Bouche à oreille|Рекомендации',
};

/** @param {string} text */
function text(text) {
  const [en = '', fr = '', ru = ''] = text.split('|');
  return { en, fr, ru };
}

/** Draws numbers between 0 and 1 from a seed (mulberry32).
 * @param {number} seed */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Makes a share with its Wilson interval.
 * @param {number} hits @param {number} n @returns {Figure} */
function share(hits, n) {
  if (n === 0) return { value: null, low: null, high: null, n: 0, evidence: 'E0', unit: 'share', method: '' };
  const z = 1.959964;
  const p = hits / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return {
    value: p,
    low: Math.max(0, centre - half),
    high: Math.min(1, centre + half),
    n,
    evidence: 'E3',
    unit: 'share',
    method: 'wilson',
  };
}

/** @param {number | null} value @param {number} spread @param {number} n @param {Figure['unit']} unit @param {string} method @returns {Figure} */
function about(value, spread, n, unit, method) {
  if (value === null || n === 0) return { value: null, low: null, high: null, n, evidence: 'E0', unit, method: '' };
  return { value, low: value - spread, high: value + spread, n, evidence: 'E3', unit, method };
}

/** @returns {TouchpointMap} */
export function sampleMap() {
  const weights = [0.15, 0.1, 0.2, 0.25, 0.1, 0.15, 0.05];
  const stageNames = [
    'Awareness|Notoriété|Осведомлённость',
    'Knowledge|Connaissance|Знание',
    'Consideration|Considération|Рассмотрение',
    'Selection or trial|Choix ou essai|Выбор или проба',
    'Satisfaction|Satisfaction|Удовлетворение',
    'Loyalty|Fidélité|Лояльность',
    'Advocacy|Recommandation|Рекомендация',
  ];
  return /** @type {any} */ ({
    format: 'touchline-map/1',
    name: text('Harbour Tea|Thés du Port|Чайная гавань'),
    template: 'online-shop',
    currency: 'EUR',
    time_zone: 'Europe/Paris',
    settings: {
      journey_gap_days: 30,
      horizon_days: 30,
      over_use_period_days: 7,
      margin: 0.3,
      loss_unsubscribe: 300,
      loss_complaint: 1000,
      outcome_value: 0,
      reach_target: 0.3,
      reach_low: 0.2,
      identified_target: 0.5,
      satisfaction_target: 0.6,
      floor: 30,
    },
    stages: stageIds.map((id, index) => ({
      id,
      name: text(stageNames[index] ?? ''),
      weight: weights[index],
      entry: [{ contact: {} }],
    })),
    segments: [
      { id: 'new', name: text('New visitors|Nouveaux visiteurs|Новые посетители'), rule: { everybody: {} }, needs: [] },
      {
        id: 'first',
        name: text('First buyers|Premiers acheteurs|Первые покупатели'),
        rule: { everybody: {} },
        needs: [],
      },
      {
        id: 'repeat',
        name: text('Repeat buyers|Acheteurs fidèles|Постоянные покупатели'),
        rule: { everybody: {} },
        needs: [],
      },
    ],
    channels: Object.entries(channelNames).map(([id, name]) => ({ id, name: text(name), group: 'site', life: 'live' })),
    outcomes: [{ id: 'purchase', name: text('Purchase|Achat|Покупка'), rule: { forms: ['purchase'] }, target: true }],
    objectives: [],
    touchpoints: rows.map(sampleTouchpoint),
    rules: [],
  });
}

/** @param {typeof rows[number]} row */
function sampleTouchpoint([id, en, fr, ru, channel, kind, direction, stages, , , cost]) {
  const inStages = [...stages].map((letter) => stageIds[letters.indexOf(letter)] ?? '');
  const late = new Set([
    'order-mail',
    'follow-up-mail',
    'sms',
    'app',
    'invoice',
    'delivery',
    'survey',
    'sharing',
    'referral',
  ]);
  const cells = inStages.flatMap((stage) =>
    late.has(id)
      ? [
          { segment: 'first', stage },
          { segment: 'repeat', stage },
        ]
      : [{ stage }],
  );
  return {
    id,
    name: { en, fr, ru },
    kind,
    class: 'customer',
    direction,
    channel,
    cells,
    primary_stage: inStages[0],
    life: 'live',
    audience: ['customer'],
    emits: true,
    direct: false,
    cost: { running_per_month: Math.round(cost / 3) },
    purpose: id === 'delivery' ? 'service_duty' : id === 'social-post' ? 'brand' : null,
    details:
      id === 'newsletter'
        ? {
            message: text(
              'What arrived this month, and how to brew it.|Les nouveautés du mois, et comment les infuser.|Что нового в этом месяце и как это заваривать.',
            ),
            optimal_experience: text(
              'One thing learnt in a minute; never a feeling of being pushed.|Une chose apprise en une minute ; jamais l’impression d’être poussé.|За минуту узнать что-то новое и не чувствовать давления.',
            ),
            owner: 'Marketing',
            processes: ['Editorial calendar'],
            people: ['Editor', 'Photographer'],
            contacts: [],
            data: ['opens', 'clicks', 'unsubscriptions'],
          }
        : { message: null, optimal_experience: null, owner: null, processes: [], people: [], contacts: [], data: [] },
    custom: {},
  };
}

/** @param {string | null} segment @returns {MapReport} */
export function sampleReport(segment = null) {
  const map = sampleMap();
  const size = { new: 12_860, first: 4_310, repeat: 2_830 };
  const part = segment === null ? 1 : (size[/** @type {keyof typeof size} */ (segment)] ?? 0) / 20_000;
  const totalCost = rows.reduce((sum, row) => sum + row[10], 0);
  const costShares = [0.31, 0.12, 0.22, 0.16, 0.13, 0.05, 0.01];
  return /** @type {any} */ ({
    segment,
    window: { from: now - 92 * day, to: now },
    totals: {
      people: Math.round(20_000 * part),
      interactions: Math.round(401_226 * part),
      unmapped: Math.round(5_310 * part),
      bots: 8_412,
      outcomes: Math.round(3_912 * part),
      value: Math.round(15_274_800 * part),
      cost: totalCost,
      identified: share(Math.round(288_000 * part), Math.round(401_226 * part)),
      conversion: share(Math.round(2_870 * part), Math.round(20_000 * part)),
    },
    stages: map.stages.map((stage, index) => ({
      stage: stage.id,
      importance: stage.weight,
      cost_share: costShares[index],
      interaction_share: [0.28, 0.2, 0.2, 0.12, 0.1, 0.08, 0.02][index],
      touchpoint_share: [0.14, 0.15, 0.22, 0.2, 0.16, 0.09, 0.04][index],
      staff_share: [0.05, 0.05, 0.3, 0.2, 0.3, 0.05, 0.05][index],
      gap: stage.weight - (costShares[index] ?? 0),
      reached: [20_000, 14_210, 9_840, 2_870, 2_240, 1_130, 340][index],
      progression: share(
        [14_210, 9_840, 2_870, 2_240, 1_130, 340, 0][index] ?? 0,
        [20_000, 14_210, 9_840, 2_870, 2_240, 1_130, 340][index] ?? 0,
      ),
    })),
    distribution: {
      tvd: 0.21,
      emd: 0.72,
      shift: 0.68,
      alert: true,
      budget: totalCost,
      moves: [
        {
          from: 'awareness',
          to: 'loyalty',
          amount: Math.round(totalCost * 0.1),
          take_from: ['online-ad'],
          give_to: ['follow-up-mail'],
        },
        {
          from: 'awareness',
          to: 'selection',
          amount: Math.round(totalCost * 0.06),
          take_from: ['online-ad'],
          give_to: [],
        },
      ],
    },
    segments: [
      {
        segment: 'new',
        people: size.new,
        reached: [12_860, 8_110, 4_960, 0, 0, 0, 0],
        coverage: 1,
        coverage_weighted: 1,
        coverage_observed: 0.43,
        coverage_two_way: 0.71,
        gaps: [{ stage: 'advocacy', missing: 'way_out', weight: 643 }],
      },
      {
        segment: 'first',
        people: size.first,
        reached: [4_310, 3_540, 2_790, 2_010, 1_460, 0, 60],
        coverage: 1,
        coverage_weighted: 1,
        coverage_observed: 0.86,
        coverage_two_way: 0.71,
        gaps: [{ stage: 'loyalty', missing: 'way_in', weight: 646 }],
      },
      {
        segment: 'repeat',
        people: size.repeat,
        reached: [2_830, 2_560, 2_090, 860, 780, 1_130, 280],
        coverage: 1,
        coverage_weighted: 1,
        coverage_observed: 1,
        coverage_two_way: 0.86,
        gaps: [],
      },
    ],
    cells: sampleCells(map),
    channels: map.channels.map((channel) => sampleChannel(channel.id)),
    touchpoints: rows.map((row) => sampleFigures(row, part, totalCost)),
    unmapped: [
      { signal: 'shop · page_view · web · harbour-tea.example/careers', id: 71, interactions: 3_118 },
      { signal: 'mailbox · message · e-mail · press@', id: 85, interactions: 1_406 },
      { signal: 'shop · page_view · web · harbour-tea.example/wholesale', id: 93, interactions: 786 },
    ],
    notes: [],
  });
}

/** @param {TouchpointMap} map */
function sampleCells(map) {
  const roll = dice(7);
  const sizes = [0.643, 0.2155, 0.1415];
  return map.segments.flatMap((segment, s) =>
    stageIds.flatMap((stage, t) =>
      rows.flatMap((row) => {
        const touchpoint = map.touchpoints.find((entry) => entry.id === row[0]);
        const planned = (touchpoint?.cells ?? []).some(
          (cell) => cell.stage === stage && (cell.segment ?? segment.id) === segment.id,
        );
        const possible = s > 0 || t < 3;
        const seen = possible && (planned || roll() < 0.16) ? roll() * (planned ? 0.5 : 0.02) * (sizes[s] ?? 0) : 0;
        const people = Math.round(row[8] * seen);
        if (people === 0 && !planned) return [];
        return [
          {
            segment: segment.id,
            stage,
            touchpoint: row[0],
            planned,
            people,
            interactions: Math.round(people * (1 + roll() * 3)),
          },
        ];
      }),
    ),
  );
}

/** @param {string} channel */
function sampleChannel(channel) {
  const mine = rows.filter((row) => row[4] === channel);
  const people = Math.max(0, ...mine.map((row) => row[8]));
  const converted = Math.round(people * Math.max(0, ...mine.map((row) => row[9])) * 0.6);
  const requests = mine.filter((row) => row[6] !== 'outbound').reduce((sum, row) => sum + Math.round(row[8] * 0.2), 0);
  return { channel, interactions: people * 3, requests, people, converted, conversion: share(converted, people) };
}

/** @param {typeof rows[number]} row @param {number} part @param {number} totalCost @returns {TouchpointFigures} */
function sampleFigures(row, part, totalCost) {
  const [id, , , , , , direction, , everybody, conversion, cost, satisfied] = row;
  const roll = dice(id.length * 7919 + everybody);
  const people = Math.round(everybody * part);
  const lift = id === 'guide' ? 0.124 : id === 'help-chat' ? 0.101 : 0.01 + roll() * 0.03;
  const baseline = 0.232;
  const effect = (people * conversion * (id === 'online-ad' ? 0.35 : 1)) / 9000;
  const outcomes = effect * 700;
  const models = [1.5, 0.7, 0.8, 1, 1.1].map((factor) =>
    about(effect * factor * (0.8 + roll() * 0.4), effect * 0.15, people, 'share', 'jackknife'),
  );
  const [first, last, last_non_direct, linear, markov] = /** @type {[Figure, Figure, Figure, Figure, Figure]} */ (
    models
  );
  const values = models.map((model) => model.value ?? 0);
  const effectShare = about(Math.min(0.9, effect * 0.6), effect * 0.08, people, 'share', 'jackknife');
  const costShare = cost / totalCost;
  const answers = satisfied > 0 ? Math.round(people * 0.12) : 0;
  const eligible = Math.max(people, Math.round(12_400 * part));
  const potential = (0.3 * eligible - people) * lift;
  const verdict = sampleVerdict(row, people, { lift, costShare, effectShare, answers, eligible, potential });
  return {
    touchpoint: id,
    people,
    interactions: Math.round(people * (1.4 + roll() * 2)),
    last_at: people > 0 ? now - Math.round(roll() * 20) * 3_600_000_000 : null,
    conversion: share(Math.round(people * conversion), people),
    cost,
    attribution: {
      first,
      last,
      last_non_direct,
      linear,
      markov,
      outcomes,
      value: outcomes * 3900,
      disagreement: Math.max(...values) - Math.min(...values),
    },
    cost_per_outcome: about(
      cost > 0 && outcomes > 0 ? cost / outcomes : null,
      (cost / Math.max(1, outcomes)) * 0.2,
      people,
      'money',
      'jackknife',
    ),
    roi: about(cost > 0 ? (outcomes * 3900 - cost) / cost : null, 0.3, people, 'ratio', 'jackknife'),
    satisfaction: share(Math.round(answers * satisfied), answers),
    progression: {
      touched: share(Math.round(people * 0.7 * (baseline + lift)), Math.round(people * 0.7)),
      baseline: share(Math.round(4000 * baseline), people > 0 ? 4000 : 0),
      lift: about(lift, 0.06 / Math.sqrt(Math.max(1, people) / 300), people, 'points', 'newcombe'),
    },
    over_use: direction === 'outbound' && id === 'newsletter' ? sampleOverUse(people) : null,
    under_use: {
      eligible,
      reach: share(people, eligible),
      stage_median: 0.021,
      potential: about(Math.max(0, potential), Math.max(0, potential) * 0.4, people, 'count', 'newcombe'),
      fires: id === 'guide',
    },
    waste: {
      cost_share: costShare,
      effect_share: effectShare,
      ratio: effect > 0 ? costShare / (effectShare.value ?? 1) : null,
      amount: id === 'online-ad' ? 861_000 : 0,
      fires: id === 'online-ad',
    },
    completeness: {
      emits: people > 0,
      identified: roll() > 0.3,
      feedback: answers > 0,
      cost: cost > 0,
      outcome: roll() > 0.2,
      fresh: people > 0,
      share: 4 / 6,
      identified_share: share(Math.round(people * 0.6), people),
      opportunity: people * 0.05,
      dark: people === 0,
    },
    verdict,
  };
}

/** @param {number} people */
function sampleOverUse(people) {
  const response = [0.1, 0.17, 0.19, 0.197, 0.2];
  const exactly = [0.31, 0.27, 0.2, 0.13, 0.09].map((part) => Math.round(part * people));
  return {
    curve: response.map((value, index) => {
      const atRisk = exactly.slice(index).reduce((sum, count) => sum + count, 0);
      const hazard = 1 - (1 - value) / (1 - (response[index - 1] ?? 0));
      return {
        contacts: index + 1,
        exactly: exactly[index] ?? 0,
        responders: Math.round((exactly[index] ?? 0) * value),
        open: false,
        at_risk: atRisk,
        hazard: share(Math.round(atRisk * hazard), atRisk),
        response: value,
        unsubscribe: 0.002 + index * 0.004,
        complaint: 0.0002 * index,
        net: [110, 71, 14, -38, -61][index] ?? 0,
      };
    }),
    saturation: 3,
    beyond: share((exactly[3] ?? 0) + (exactly[4] ?? 0), people),
    complaints: share(Math.round(people * 0.0006), people),
    trend_z: 2.87,
    trend_p: 0.0021,
    net_last: 61,
    rules: ['R1', 'R2'],
  };
}

/** @param {typeof rows[number]} row @param {number} people
 * @param {{ lift: number, costShare: number, effectShare: Figure, answers: number, eligible: number, potential: number }} facts @returns {Verdict} */
function sampleVerdict([id, , , , , , , , , , , satisfied], people, facts) {
  const lift = about(facts.lift, 0.06 / Math.sqrt(Math.max(1, people) / 300), people, 'points', 'newcombe');
  /** @param {Verdict['kind']} kind @param {string} rule @param {string} reason @param {Record<string, number>} numbers @param {string} action
   * @param {Record<string, number>} [todo] @param {Figure} [figure] @returns {Verdict} */
  const give = (kind, rule, reason, numbers, action, todo = {}, figure = lift) => ({
    kind,
    rule,
    reason: { key: reason, numbers },
    evidence: figure.evidence,
    figure,
    action: { key: action, numbers: todo },
  });
  if (people === 0)
    return give('dark', 'M24.2/M12', 'dark.silent', { days: 92 }, 'connect_source', {}, about(0, 0, 0, 'count', ''));
  if (people < 30)
    return give('insufficient_data', 'M24.3', 'insufficient.n', { n: people, needed: 376 }, 'collect_data', {
      needed: 376,
    });
  const low = lift.low ?? 0;
  const high = lift.high ?? 0;
  if (id === 'newsletter') {
    const beyond = share(Math.round(people * 0.22), people);
    return give(
      'over_used',
      'M24.4/M9.R1',
      'over_used.r1',
      { saturation: 3, over_periods: Math.round(people * 0.22), beyond: 0.22, n: people },
      'cap_frequency',
      { cap: 3 },
      beyond,
    );
  }
  if (id === 'online-ad') {
    const effect = facts.effectShare.value ?? 0;
    const ratio = facts.costShare / effect;
    return give(
      'wasted',
      'M24.5/M11',
      'wasted.ratio',
      { cost_share: facts.costShare, effect_share: effect, ratio, waste: 861_000 },
      'reduce_spend',
      { amount: 861_000 },
      facts.effectShare,
    );
  }
  if (id === 'guide') {
    const reach = share(people, facts.eligible);
    const numbers = {
      reach: reach.value ?? 0,
      effect: facts.lift,
      stage_median: 0.021,
      potential: facts.potential,
      potential_low: facts.potential * 0.6,
      potential_high: facts.potential * 1.4,
    };
    return give('under_used', 'M24.6/M10', 'under_used.reach', numbers, 'raise_reach', { target: 0.3 });
  }
  if (id === 'help-chat')
    return give(
      'effective',
      'M24.7/M6',
      'effective.progression',
      { lift: facts.lift, low, high, stage_median: 0.021 },
      'keep',
    );
  if (id === 'chatbot') {
    const csat = share(Math.round(facts.answers * satisfied), facts.answers);
    return give(
      'needs_care',
      'M24.8/M7',
      'needs_care.satisfaction',
      { satisfaction: csat.value ?? 0, low: csat.low ?? 0, target: 0.6 },
      'improve_experience',
      {},
      csat,
    );
  }
  if (id === 'delivery')
    return give(
      'neutral',
      'M24.9/M11',
      'neutral.justified',
      { cost_share: facts.costShare, effect_share: facts.effectShare.value ?? 0 },
      'watch',
    );
  return give('neutral', 'M24.9', 'neutral.ordinary', { lift: facts.lift }, 'watch');
}
