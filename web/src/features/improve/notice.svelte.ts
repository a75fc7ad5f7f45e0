// Says what has just been done and offers to undo it; says what went wrong. One at a time, for this room.
import { Problem } from '../../app/api/client';

/** What is said, and how it is undone. */
export interface Said {
  text: string;
  undo?: () => Promise<void>;
  wrong?: boolean;
}

/** So long it stays, in milliseconds: time to read it twice and to reach the button. */
const stay = 12_000;

class Notice {
  present = $state.raw<Said | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  say(said: Said): void {
    this.present = said;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.present = null), stay);
  }

  close(): void {
    this.present = null;
  }

  /** Does something and says what came of it, good or bad. */
  async during<Result>(act: () => Promise<Result>, then: (result: Result) => Said | null): Promise<void> {
    try {
      const said = then(await act());
      if (said) this.say(said);
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, String(error));
      this.say({ text: [problem.what, problem.hint].filter((part) => part !== '').join('. '), wrong: true });
    }
  }
}

/** What the room says. */
export const notice = new Notice();
