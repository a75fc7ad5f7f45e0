// Learns what every page behind the door needs to know besides its own data: who this is, and the organisation's dress.
import { api } from './api/client';
import { language } from './i18n/language.svelte';
import { me } from './me.svelte';
import { recall } from './memory';
import { organisation } from './organisation.svelte';

let isDressed = false;

/** Asks once; what fails leaves our own dress on. */
export async function dress(): Promise<void> {
  if (isDressed && me.isKnown) return;
  isDressed = true;
  await me.know();
  if (!me.isKnown) return;
  try {
    // Pages without a map in them have not told its name, currency and zone.
    const map = organisation.name === '' ? await api.mapIfAny() : null;
    if (map) organisation.learn(map);
    const code = organisation.language;
    if (recall('language') === null && (code === 'en' || code === 'fr' || code === 'ru')) language.present(code);
  } catch {
    // A page without logo is still a page.
  }
}
