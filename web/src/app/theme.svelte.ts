// Holds the theme: light, dark, or as the system wishes. The colours themselves are in `styles/tokens.css`.
import { recall, remember } from './memory';

/** The themes. */
export const themes = ['system', 'light', 'dark'] as const;

/** One of the themes. */
export type ThemeName = (typeof themes)[number];

class Theme {
  name = $state<ThemeName>(themes.find((name) => name === recall('theme')) ?? 'system');

  choose(name: ThemeName): void {
    this.name = name;
    remember('theme', name);
    this.show();
  }

  /** Writes the theme where the style sheet looks for it. */
  show(): void {
    document.documentElement.dataset.theme = this.name;
  }
}

/** The theme. */
export const theme = new Theme();
