// Where the mail of a domain usually comes in and goes out, so that nobody has to look it up: what the large houses say of their own
// servers, and the usual names for everybody else.

export interface MailHosts {
  imap_server: string;
  imap_security: 'tls' | 'starttls';
  server: string;
  security: 'tls' | 'starttls';
}

const hosts = (imap: string, smtp: string, security: 'tls' | 'starttls' = 'starttls'): MailHosts => ({
  imap_server: `${imap}:993`,
  imap_security: 'tls',
  server: `${smtp}:${security === 'tls' ? 465 : 587}`,
  security,
});

const known: Record<string, MailHosts> = {
  'gmail.com': hosts('imap.gmail.com', 'smtp.gmail.com'),
  'yandex.ru': hosts('imap.yandex.ru', 'smtp.yandex.ru', 'tls'),
  'yandex.com': hosts('imap.yandex.com', 'smtp.yandex.com', 'tls'),
  'mail.ru': hosts('imap.mail.ru', 'smtp.mail.ru', 'tls'),
  'icloud.com': hosts('imap.mail.me.com', 'smtp.mail.me.com'),
  'free.fr': hosts('imap.free.fr', 'smtp.free.fr', 'tls'),
  'orange.fr': hosts('imap.orange.fr', 'smtp.orange.fr', 'tls'),
};

/** Guesses the servers of an address; none for what is no address. */
export function guessed(address: string): MailHosts | null {
  const domain = /^[^@\s]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i.exec(address.trim())?.[1]?.toLowerCase();
  if (!domain) return null;
  return known[domain] ?? hosts(`imap.${domain}`, `smtp.${domain}`);
}
