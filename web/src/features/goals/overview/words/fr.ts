// The words of the overview, in French.
export default {
  welcome: 'Du pourquoi à la carte en quelques pas',
  'welcome.lead':
    'Dites où vous en êtes et ce que vous voulez atteindre. Touchline propose les points de contact d’organisations comme la vôtre, chacun avec sa raison ; vous acceptez ou refusez. La carte est là ensuite, et se remplit de ce qui arrive vraiment.',
  'welcome.start': 'Commencer',
  nothing: 'La carte est tracée ; rien ne s’y est encore passé.',
  changed:
    '{changed, plural, one {# point de contact est jugé autrement} many {# points de contact sont jugés autrement} other {# points de contact sont jugés autrement}} depuis votre dernière visite.',
  unchanged: 'Aucun verdict n’a changé depuis votre dernière visite.',
  most: 'Ce qui vaut le plus la peine : {action}',
  calm: 'Rien ne demande de changement.',
  stands:
    'D’après {interactions, plural, one {# interaction} many {# interactions} other {# interactions}} de {people, plural, one {# personne} many {# personnes} other {# personnes}} avec {outcomes, plural, one {# résultat} many {# résultats} other {# résultats}}.',
  findings: 'À regarder',
  'findings.none': 'Aucun point de contact ne demande de changement.',
  act: 'Agir',
  'act.of': 'Agir sur {name}',
  objectives: 'Objectifs',
  'objectives.none': 'Aucun objectif n’est écrit.',
  'objectives.go': 'En écrire un',
  'objective.revenue': '{value, money} de résultats ; conversion',
  'objective.cost': '{cost, money} dépensés pour les points de contact',
  'objective.relationship':
    '{people, plural, one {# personne a} many {# de personnes ont} other {# personnes ont}} atteint « {stage} »',
  conversion: 'Conversion',
  'conversion.means': 'La part des personnes qui sont venues à l’action visée.',
  stages: 'La carte par étape',
  stage: 'Étape',
  'stage.people': 'Personnes arrivées là',
  'stage.importance': 'Importance',
  'stage.cost': 'Part du coût',
  'stage.on': 'Passées plus loin',
  'stage.on.means': 'La part des personnes à cette étape qui sont passées à la suivante.',
  waiting: 'En attente de réponse',
  'waiting.now':
    '{waiting, plural, one {# demande attend} many {# demandes attendent} other {# demandes attendent}} une réponse.',
  'waiting.go': 'À la boîte',
} as const;
