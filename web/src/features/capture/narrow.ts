// Tells whether the screen is a phone's, for what stands in another order there.
import { MediaQuery } from 'svelte/reactivity';

export const narrow = new MediaQuery('max-width: 719px');
