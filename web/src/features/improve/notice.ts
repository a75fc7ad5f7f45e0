// Does something and says what came of it, good or bad, in the toasts of the shell.
import { toasts } from '../../ui/toast.svelte';

/** What is said, and how it is undone. */
export interface Said {
  text: string;
  undo?: () => Promise<void>;
}

export const notice = {
  /** Says that something went wrong. */
  wrong: (text: string): void => toasts.problem({ what: text }),

  /** Does something and says what came of it. */
  async during<Result>(act: () => Promise<Result>, then: (result: Result) => Said | null): Promise<void> {
    try {
      const said = then(await act());
      if (said) toasts.done(said.text, said.undo);
    } catch (error) {
      toasts.problem(error);
    }
  },
};
