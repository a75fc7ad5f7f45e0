// The words of signing in, in French.
export default {
  title: 'Vous êtes déconnecté',
  refused: 'Ce lien a déjà servi ou il est trop ancien',
  'refused.why': 'Un lien de connexion ne sert qu’une fois et peu de temps, pour que personne ne l’utilise après vous.',
  lead: 'Touchline s’ouvre avec un lien à usage unique, que le serveur affiche à son démarrage.',
  'step.1': 'Allez au terminal dans lequel Touchline tourne.',
  'step.2': 'Cherchez la ligne qui commence par http et se termine par #token=…',
  'step.3': 'Ouvrez cette ligne dans ce navigateur. Elle sert une seule fois.',
  again: 'Plus de lien ? Démarrez le serveur avec --link : il en affiche un nouveau.',
} as const;
