// Tells whether the screen is a phone's, for what stands in another order there. By itself, and not with Svelte's own query: that
// one would become a file of its own for the map too, and cost its first view a request.
const query = matchMedia('(max-width: 719px)');
let isNarrow = $state(query.matches);
query.addEventListener('change', () => (isNarrow = query.matches));

export const narrow = {
  get current(): boolean {
    return isNarrow;
  },
};
