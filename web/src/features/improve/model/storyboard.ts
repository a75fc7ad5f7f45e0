// Lays out the frames of a storyboard, and makes captions of stories.
import type { components } from '../../../app/api/schema';
import type { Touchpoint } from '../../../app/api/types';

type Story = components['schemas']['TouchpointStory'];

/** A caption has so many letters at most, as in the form. */
const captionMax = 400;

/** Returns what was told of a touchpoint: what happened in its own stage first. */
export function storiesOf(touchpoint: Touchpoint | undefined): Story[] {
  const elsewhere = (story: Story) => Number(Boolean(story.stage) && story.stage !== touchpoint?.primary_stage);
  return [...(touchpoint?.details?.stories ?? [])].sort((a, b) => elsewhere(a) - elsewhere(b));
}

/** Makes a caption of a story: on one line, and cut between words where it is too long. */
export function captionOf(story: string): string {
  const line = story.trim().replaceAll(/\s+/g, ' ');
  if (line.length <= captionMax) return line;
  const cut = line.slice(0, captionMax - 1);
  const end = cut.lastIndexOf(' ');
  return `${end > 0 ? cut.slice(0, end) : cut}…`;
}

/** The size of a frame, and the room below it for the line of feelings. */
export const frameSize = { width: 240, height: 204 };
const gap = { x: 16, y: 72 };
const head = 64;
/** How far below a frame indifference stands, and how much higher or lower each grade of feeling. */
export const feelings = { base: 36, grade: 11 };

/** Returns how many frames stand beside each other where there is so much room: what is written must be large enough. */
export function framesPerRow(room: number): number {
  return Math.min(4, Math.max(1, Math.floor((room - 16) / (frameSize.width + gap.x))));
}

/** Returns where a frame stands. */
export function framePlace(index: number, perRow: number): { x: number; y: number } {
  return {
    x: 16 + (index % perRow) * (frameSize.width + gap.x),
    y: head + Math.floor(index / perRow) * (frameSize.height + gap.y),
  };
}

/** Returns the size of the whole picture. */
export function pictureSize(frames: number, perRow: number): { width: number; height: number } {
  const columns = Math.min(perRow, Math.max(2, frames));
  const rows = Math.max(1, Math.ceil(frames / perRow));
  return { width: 16 + columns * (frameSize.width + gap.x), height: head + rows * (frameSize.height + gap.y) };
}
