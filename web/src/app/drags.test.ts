// Every drag has another way: the register of the gestures that drag, each with the way that needs neither a drag nor a
// steady hand, and with the test that walks it. A file that drags and does not stand here fails, and so does an entry whose
// file no longer drags or whose test is gone.
import { describe, expect, it } from 'vitest';

/** What is dragged, how the same is done without, and the end-to-end test that does it so. */
interface OtherWay {
  drag: string;
  way: string;
  test: string;
}

const register: Record<string, OtherWay> = {
  'features/map/CellChips.svelte': {
    drag: 'a touchpoint is taken up from a cell',
    way: 'the menu of the chip, `m`, `F2`, `Del`',
    test: 'keys do what the menu does',
  },
  'features/map/MapGrid.svelte': {
    drag: 'a touchpoint is dropped on a cell, with Ctrl or Alt as a further place',
    way: '“Move to …”: every cell as a switch',
    test: 'a touchpoint is added, renamed, moved without dragging, and removed; each can be undone',
  },
  'features/map/edit/Unplaced.svelte': {
    drag: 'a touchpoint without a cell is dragged into one',
    way: 'the menu of its button, “Move to …”',
    test: 'a touchpoint in no cell is placed without dragging',
  },
  'features/map/edit/IdeasBoard.svelte': {
    drag: 'a note is dropped on another, or on a stage',
    way: 'two lists beside each note: merge into, stage',
    test: 'a brainstorm of two: notes appear for both, are merged, and come onto the map',
  },
  'features/map/edit/StagesSheet.svelte': {
    drag: 'the importance of a stage, by a slider',
    way: 'the arrow keys of the slider',
    test: 'importance is set by the arrow keys as well',
  },
  'features/improve/BacklogTab.svelte': {
    drag: 'an improvement is dragged to another column or place',
    way: 'buttons in the open card, Alt and the arrow keys',
    test: 'a task is put before another by a button, as by dragging',
  },
  'features/improve/BudgetRow.svelte': {
    drag: 'the money of a touchpoint, by a slider',
    way: 'the arrow keys of the slider',
    test: 'the best division of the budget comes with its proof',
  },
  'features/capture/parts/Imports.svelte': {
    drag: 'a file is dropped on the field',
    way: 'the button that chooses a file',
    test: 'a file is chosen, its columns are named, its rows are seen before and counted after',
  },
};

/** What makes an element draggable, takes what is dropped, or follows a pointer that is held down. */
const drags =
  /draggable=|ondragstart|ondrop|type="range"|addEventListener\('(?:dragstart|drop|pointermove|mousemove|touchmove)'|on(?:pointer|mouse|touch)move|setPointerCapture/;

const sources = import.meta.glob<string>(['../**/*.{svelte,ts}', '!../**/*.test.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
});
const walks = Object.values(
  import.meta.glob<string>('../../../e2e/*.spec.mjs', { eager: true, query: '?raw', import: 'default' }),
).join('\n');
const dragging = Object.keys(sources)
  .filter((path) => drags.test(sources[path] ?? ''))
  .map((path) => path.replace(/^(\.\.\/|\.\/)/, (start) => (start === './' ? 'app/' : '')));

describe('every drag has another way', () => {
  it('names one for each file that drags, and for no other', () => {
    expect(Object.keys(register).sort()).toEqual([...dragging].sort());
  });

  it.each(Object.entries(register))('%s is walked without dragging', (_, entry) => {
    expect(walks).toContain(`test('${entry.test}'`);
  });
});
