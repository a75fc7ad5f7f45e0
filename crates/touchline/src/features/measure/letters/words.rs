//! The sentences of letters to members, in English, French and Russian. Reasons and actions are those of the map's own page.
//!
//! A place is `{name, how}`; how is `number`, `decimal`, `percent`, `points` or `money`, and without it the text stands as it is.
//! `{name, plural, one {…} other {…}}` chooses by the number, which stands where `#` is.

/// Finds a sentence: its key, and itself in three languages.
pub(super) fn sentence(key: &str) -> Option<&'static [&'static str; 3]> {
    SENTENCES.iter().find(|(known, _)| *known == key).map(|(_, written)| written)
}

/// Lists the keys of all sentences.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    SENTENCES.iter().map(|(key, _)| *key)
}

const SENTENCES: &[(&str, [&str; 3])] = &[
    (
        "none.planned",
        [
            "It is planned, paused or retired: there is nothing to judge.",
            "Point de contact prévu, en pause ou abandonné : rien à juger.",
            "Точка контакта запланирована, приостановлена или закрыта: оценивать нечего.",
        ],
    ),
    (
        "none.not_customer",
        [
            "It has no customers in it: it is judged by what it supports.",
            "Aucun client n’y prend part : ce point de contact est jugé sur ce qu’il soutient.",
            "Клиенты в этой точке не участвуют: её оценивают по тому, что она поддерживает.",
        ],
    ),
    (
        "dark.silent",
        [
            "It is live and should be heard of, but nothing has arrived for {days, plural, one {# day} other {# days}}.",
            "Ce point de contact est en service et devrait donner des nouvelles, mais rien n’est arrivé depuis {days, plural, one {# jour} many {# de jours} other {# jours}}.",
            "Точка работает и должна подавать сигналы, но ничего не поступало {days, plural, one {# день} few {# дня} many {# дней} other {# дня}}.",
        ],
    ),
    (
        "insufficient.n",
        [
            "It stands on {n, plural, one {# case} other {# cases}}; about {needed, number} more are needed before anything can be said.",
            "{n, plural, one {# cas} many {# de cas} other {# cas}} pour l’instant ; il en faut environ {needed, number} de plus pour pouvoir conclure.",
            "Всего {n, plural, one {# случай} few {# случая} many {# случаев} other {# случая}}; чтобы что-то сказать, нужно ещё около {needed, number}.",
        ],
    ),
    (
        "insufficient.unseen",
        [
            "Nothing arrives from it, and nothing has to: only people can tell how it does.",
            "Rien n’en arrive, et rien ne doit en arriver : seuls des gens peuvent dire ce que cela vaut.",
            "Сигналов отсюда нет и не должно быть: рассказать могут только люди.",
        ],
    ),
    (
        "insufficient.not_met",
        [
            "Nobody of this segment has met it.",
            "Personne de ce segment n’a rencontré ce point de contact.",
            "Никто из этого сегмента с этой точкой не встречался.",
        ],
    ),
    (
        "over_used.r1",
        [
            "After {saturation, plural, one {the first contact} other {# contacts}}, each further one costs more than it brings; that happened {over_periods, plural, one {# time} other {# times}} ({beyond, percent} of all periods in which somebody was contacted).",
            "Après {saturation, plural, one {le premier contact} many {# de contacts} other {# contacts}}, chaque contact de plus coûte plus qu’il ne rapporte ; c’est arrivé {over_periods, plural, one {# fois} many {# de fois} other {# fois}} ({beyond, percent} des périodes où quelqu’un a été contacté).",
            "После {saturation, plural, one {# контакта} few {# контактов} many {# контактов} other {# контакта}} каждый следующий стоит больше, чем приносит; так было {over_periods, plural, one {# раз} few {# раза} many {# раз} other {# раза}} ({beyond, percent} периодов, в которых кому-то писали или звонили).",
        ],
    ),
    (
        "over_used.r2",
        [
            "Complaints and unsubscriptions rise with each further contact (z {z, decimal}, p {p, decimal}), and at the highest frequency one more contact brings {net, money}.",
            "Plaintes et désinscriptions augmentent avec chaque contact (z {z, decimal}, p {p, decimal}), et à la fréquence la plus haute un contact de plus rapporte {net, money}.",
            "Жалобы и отписки растут с каждым контактом (z {z, decimal}, p {p, decimal}), а при наибольшей частоте ещё один контакт приносит {net, money}.",
        ],
    ),
    (
        "over_used.r3",
        [
            "{complaint_rate, percent} of contacts lead to a complaint; mailbox providers block senders at 0.3 %.",
            "{complaint_rate, percent} des contacts entraînent une plainte ; les messageries bloquent les expéditeurs à 0,3 %.",
            "К жалобе приводят {complaint_rate, percent} контактов; почтовые службы блокируют отправителя при 0,3 %.",
        ],
    ),
    (
        "wasted.ratio",
        [
            "It takes {cost_share, percent} of the cost and brings {effect_share, percent} of the effect; {waste, money} are spent above the average price.",
            "{cost_share, percent} du coût pour {effect_share, percent} de l’effet ; {waste, money} sont dépensés au-dessus du prix moyen.",
            "{cost_share, percent} затрат приносят {effect_share, percent} эффекта; сверх средней цены потрачено {waste, money}.",
        ],
    ),
    (
        "under_used.reach",
        [
            "It works better than its neighbours, but reaches only {reach, percent} of those it is meant for; about {potential, plural, one {# more outcome} other {# more outcomes}} ({potential_low, number} to {potential_high, number}) can be gained.",
            "Ce point de contact est plus efficace que ses voisins, mais ne touche que {reach, percent} de son audience cible ; environ {potential, plural, one {# prise d’action} many {# de prises d’action} other {# prises d’action}} de plus ({potential_low, number} à {potential_high, number}) sont à gagner.",
            "Точка эффективнее соседних, но охватывает лишь {reach, percent} целевой аудитории; можно получить ещё около {potential, plural, one {# целевого действия} few {# целевых действий} many {# целевых действий} other {# целевого действия}} (от {potential_low, number} до {potential_high, number}).",
        ],
    ),
    (
        "effective.progression",
        [
            "People who meet it move on more often by {lift, points} ({low, points} to {high, points}), better than the other touchpoints of its stage.",
            "Ceux qui rencontrent ce point de contact avancent plus souvent, de {lift, points} ({low, points} à {high, points}), mieux qu’avec les autres de la même étape.",
            "Встретившие эту точку идут дальше чаще на {lift, points} (от {low, points} до {high, points}): лучше, чем у других точек той же стадии.",
        ],
    ),
    (
        "needs_care.satisfaction",
        [
            "{satisfaction, percent} are satisfied with it; the target is {target, percent}.",
            "{satisfaction, percent} en sont satisfaits ; l’objectif est de {target, percent}.",
            "Довольны {satisfaction, percent}; цель: {target, percent}.",
        ],
    ),
    (
        "neutral.ordinary",
        [
            "Nothing stands out: people who meet it move on by {lift, points} against the others.",
            "Rien ne ressort : ceux qui rencontrent ce point de contact avancent de {lift, points} par rapport aux autres.",
            "Ничего особенного: встретившие эту точку идут дальше с разницей {lift, points} к остальным.",
        ],
    ),
    (
        "neutral.justified",
        [
            "It takes {cost_share, percent} of the cost for {effect_share, percent} of the effect, and a declared purpose justifies that.",
            "{cost_share, percent} du coût pour {effect_share, percent} de l’effet ; un but déclaré le justifie.",
            "{cost_share, percent} затрат при {effect_share, percent} эффекта; это оправдано заявленной целью.",
        ],
    ),
    (
        "action.connect_source",
        [
            "Connect its source, or say that nothing is expected from it.",
            "Raccordez sa source, ou dites qu’on n’en attend rien.",
            "Подключите источник или укажите, что сигналов оттуда не ждут.",
        ],
    ),
    (
        "action.ask_people",
        [
            "Ask people about it, or go and look.",
            "Interrogez des gens à son sujet, ou allez voir.",
            "Спросите людей или посмотрите сами.",
        ],
    ),
    (
        "action.collect_data",
        [
            "Let it gather more cases before you judge it: about {needed, number}.",
            "Attendez davantage de cas avant de juger : encore {needed, number} environ.",
            "Оценивайте, когда накопится больше случаев: ещё около {needed, number}.",
        ],
    ),
    (
        "action.cap_frequency",
        [
            "Send no more than {cap, plural, one {# contact} other {# contacts}} per person and period.",
            "Pas plus {cap, plural, one {d’un contact} many {de # de contacts} other {de # contacts}} par personne et par période.",
            "Не больше {cap, plural, one {# контакта} few {# контактов} many {# контактов} other {# контакта}} на человека за период.",
        ],
    ),
    (
        "action.cap_frequency.unknown",
        [
            "Contact each person less often, and try different frequencies side by side.",
            "Contactez chaque personne moins souvent, et essayez plusieurs fréquences côte à côte.",
            "Обращайтесь к каждому реже и сравните разные частоты.",
        ],
    ),
    (
        "action.reduce_spend",
        ["Spend {amount, money} less on it.", "Dépensez-y {amount, money} de moins.", "Тратьте здесь на {amount, money} меньше."],
    ),
    (
        "action.raise_reach",
        [
            "Bring it to {target, percent} of those it is meant for, as an experiment first.",
            "Visez {target, percent} de l’audience cible, d’abord comme expérience.",
            "Доведите охват до {target, percent} целевой аудитории; сначала как эксперимент.",
        ],
    ),
    ("action.keep", ["Keep it as it is.", "Ne changez rien.", "Оставьте как есть."]),
    (
        "action.improve_experience",
        [
            "Ask what went wrong, mend it, and ask again.",
            "Demandez ce qui n’a pas été, corrigez-le, et redemandez.",
            "Спросите, что было не так, исправьте и спросите снова.",
        ],
    ),
    (
        "action.watch",
        ["Watch it; nothing needs to be done.", "Observez ; il n’y a rien à faire.", "Наблюдайте; делать ничего не нужно."],
    ),
    ("action.none", ["Nothing needs to be done.", "Il n’y a rien à faire.", "Делать ничего не нужно."]),
    ("number.people", ["People", "Personnes", "Люди"]),
    ("number.interactions", ["Interactions", "Interactions", "Взаимодействия"]),
    ("number.cost", ["Cost", "Coût", "Затраты"]),
    ("number.conversion", ["Conversion", "Conversion", "Конверсия"]),
    ("number.outcomes", ["Target outcomes", "Prises d’action", "Целевые действия"]),
    ("number.value", ["Value", "Valeur", "Ценность"]),
    ("number.unmapped", ["Unmapped interactions", "Interactions non affectées", "Нераспределённые взаимодействия"]),
    ("number.cost_per_outcome", ["Cost per outcome", "Coût par prise d’action", "Цена целевого действия"]),
    ("number.roi", ["Return on cost", "Rendement du coût", "Отдача затрат"]),
    ("number.satisfaction", ["Satisfaction", "Satisfaction", "Удовлетворённость"]),
    ("number.lift", ["Effect on stage progression", "Effet sur le passage d’étape", "Влияние на переход между стадиями"]),
    ("verdict.none", ["not judged", "non jugé", "без оценки"]),
    ("verdict.dark", ["dark", "muet", "молчит"]),
    ("verdict.insufficient_data", ["too little data", "données insuffisantes", "мало данных"]),
    ("verdict.over_used", ["over-used", "utilisation excessive", "чрезмерное использование"]),
    ("verdict.wasted", ["wasted effort", "effort inefficace", "неэффективные усилия"]),
    ("verdict.under_used", ["under-used", "sous-utilisé", "недостаточное использование"]),
    ("verdict.effective", ["effective", "efficace", "эффективна"]),
    ("verdict.needs_care", ["needs care", "à soigner", "требует заботы"]),
    ("verdict.neutral", ["neutral", "neutre", "нейтральна"]),
    ("everybody", ["everybody", "tout le monde", "все"]),
    ("hello", ["Hello {name},", "Bonjour {name},", "Здравствуйте, {name}!"]),
    (
        "figure",
        [
            "{value} (95% interval {low} to {high}, n = {n, number}, evidence {evidence})",
            "{value} (intervalle à 95 % : de {low} à {high}, n = {n, number}, preuve {evidence})",
            "{value} (интервал 95 %: от {low} до {high}, n = {n, number}, доказательность {evidence})",
        ],
    ),
    (
        "figure.exact",
        [
            "{value} (n = {n, number}, evidence {evidence})",
            "{value} (n = {n, number}, preuve {evidence})",
            "{value} (n = {n, number}, доказательность {evidence})",
        ],
    ),
    (
        "figure.none",
        ["not known yet (n = {n, number})", "pas encore connu (n = {n, number})", "пока неизвестно (n = {n, number})"],
    ),
    ("watch.beyond.below", ["{what}: {value}, below {limit}", "{what} : {value}, sous {limit}", "{what}: {value}, ниже {limit}"]),
    (
        "watch.beyond.above",
        ["{what}: {value}, above {limit}", "{what} : {value}, au-dessus de {limit}", "{what}: {value}, выше {limit}"],
    ),
    (
        "watch.back",
        [
            "{what}: {value}, back within {limit}",
            "{what} : {value}, de retour dans la limite de {limit}",
            "{what}: {value}, снова в пределах {limit}",
        ],
    ),
    (
        "watch.beyond",
        [
            "The number that you watch is beyond its limit, with its whole interval: chance does not explain it.",
            "Le chiffre que vous surveillez est au-delà de sa limite, avec tout son intervalle : le hasard ne l’explique pas.",
            "Показатель, за которым вы наблюдаете, вышел за предел вместе со всем интервалом: случайностью это не объяснить.",
        ],
    ),
    (
        "watch.returned",
        [
            "The number that you watch is where you want it again.",
            "Le chiffre que vous surveillez est revenu où vous le voulez.",
            "Показатель, за которым вы наблюдаете, снова там, где вы хотите.",
        ],
    ),
    ("watch.now", ["Now: {figure}", "Maintenant : {figure}", "Сейчас: {figure}"]),
    (
        "watch.about",
        [
            "Of: {touchpoint}; segment: {segment}",
            "Porte sur : {touchpoint} ; segment : {segment}",
            "О чём: {touchpoint}; сегмент: {segment}",
        ],
    ),
    (
        "watch.why",
        [
            "You get this because you asked on the page Measure to be told. One letter is written when the number leaves its limit and one when it is back; take the tick away there to get none.",
            "Vous recevez ceci parce que vous avez demandé, à la page Mesures, d’être prévenu. Une lettre part quand le chiffre sort de sa limite, une autre quand il revient ; décochez la case là-bas pour n’en plus recevoir.",
            "Вы получили это письмо, потому что попросили об этом на странице «Измерения». Одно письмо уходит, когда показатель выходит за предел, и одно, когда возвращается; чтобы не получать, снимите там отметку.",
        ],
    ),
    ("open", ["Open in Touchline", "Ouvrir dans Touchline", "Открыть в Touchline"]),
    ("everything", ["everything together", "tout ensemble", "всё вместе"]),
    ("number.requests", ["Requests", "Demandes", "Обращения"]),
    ("part.touchpoints", ["Touchpoints", "Points de contact", "Точки контакта"]),
    ("part.channels", ["Channels", "Canaux", "Каналы"]),
    (
        "part.attribution",
        [
            "Attribution: share of outcomes by model",
            "Attribution : part des prises d’action selon le modèle",
            "Атрибуция: доля целевых действий по моделям",
        ],
    ),
    ("part.cost", ["Cost and return", "Coût et rendement", "Затраты и отдача"]),
    ("part.trends", ["Week by week", "Semaine par semaine", "По неделям"]),
    ("report.days", ["{from} to {to}", "du {from} au {to}", "с {from} по {to}"]),
    ("report.all", ["all data", "toutes les données", "все данные"]),
    (
        "report.about",
        [
            "Period: {period}. Segment: {segment}. Verdicts, channels and cost stand on all data.",
            "Période : {period}. Segment : {segment}. Verdicts, canaux et coûts reposent sur toutes les données.",
            "Период: {period}. Сегмент: {segment}. Оценки, каналы и затраты посчитаны по всем данным.",
        ],
    ),
    (
        "report.whole",
        [
            "These numbers stand on all data, not on the period alone.",
            "Ces chiffres reposent sur toutes les données, pas sur la seule période.",
            "Эти показатели посчитаны по всем данным, а не только за период.",
        ],
    ),
    ("report.empty", ["Nothing to tell in this period.", "Rien à dire sur cette période.", "За этот период сказать нечего."]),
    ("report.verdict", ["Verdict", "Verdict", "Оценка"]),
    ("report.numbers", ["Key numbers", "Chiffres clés", "Главные показатели"]),
    ("report.was", ["last time {was}", "la dernière fois {was}", "в прошлый раз {was}"]),
    ("report.worth", ["Most worth doing", "Le plus utile à faire", "Что важнее всего сделать"]),
    (
        "report.worth.none",
        [
            "No touchpoint asks for a change.",
            "Aucun point de contact ne demande de changement.",
            "Ни одна точка контакта не требует изменений.",
        ],
    ),
    (
        "report.changes",
        [
            "What has changed since the last letter",
            "Ce qui a changé depuis la dernière lettre",
            "Что изменилось с прошлого письма",
        ],
    ),
    ("report.changes.none", ["No verdict has changed.", "Aucun verdict n’a changé.", "Ни одна оценка не изменилась."]),
    (
        "report.first",
        [
            "This is the first letter: the next one tells what has changed.",
            "C’est la première lettre : la suivante dira ce qui a changé.",
            "Это первое письмо: в следующем будет сказано, что изменилось.",
        ],
    ),
    (
        "report.turned",
        ["{name}: was “{was}”, is “{now}”", "{name} : était « {was} », est « {now} »", "{name}: было «{was}», стало «{now}»"],
    ),
    (
        "report.more",
        [
            "{n, plural, one {and # more} other {and # more}}",
            "{n, plural, one {et # de plus} other {et # de plus}}",
            "и ещё {n, number}",
        ],
    ),
    (
        "report.why",
        [
            "You get this because a member of your organisation chose you for this report on the page Measure, under Reports. It can be paused or deleted there.",
            "Vous recevez ceci parce qu’un membre de votre organisation vous a choisi pour ce rapport à la page Mesures, sous Rapports. On peut l’y suspendre ou le supprimer.",
            "Вы получили это письмо, потому что сотрудник вашей организации выбрал вас для этого отчёта на странице «Измерения», в разделе «Отчёты». Там его можно приостановить или удалить.",
        ],
    ),
    ("number.in_time", ["Answered in time", "Réponses à temps", "Ответы вовремя"]),
    ("number.answered", ["Answered at all", "Réponses", "Ответы вообще"]),
    ("number.complaints", ["Complaints in texts", "Plaintes dans les textes", "Жалобы в текстах"]),
    ("theme.price", ["price", "prix", "цена"]),
    ("theme.delivery", ["delivery", "livraison", "доставка"]),
    ("theme.staff", ["staff", "personnel", "сотрудники"]),
    ("theme.quality", ["quality", "qualité", "качество"]),
    ("theme.waiting", ["waiting", "attente", "ожидание"]),
    ("theme.ease", ["ease", "facilité", "удобство"]),
    ("theme.site", ["site and app", "site et application", "сайт и приложение"]),
    ("theme.payment", ["payment", "paiement", "оплата"]),
    ("theme.returns", ["returns", "retours", "возврат"]),
    ("theme.information", ["information", "information", "информация"]),
    ("theme.fit", ["size and fit", "taille et coupe", "размер и посадка"]),
    ("theme.place", ["rooms and shop", "lieux", "помещения"]),
];
