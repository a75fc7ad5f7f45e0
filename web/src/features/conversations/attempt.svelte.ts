// What was tried last on a page, and what came of it in words.
import { Problem } from '../../app/api/client';
import { say } from './words';

export class Attempt {
  /** What is to be said: why it did not work, or what the page says of it. */
  told = $state('');
  isBusy = $state(false);

  /** Tries it; what is wrong is said, and what is shown stays. */
  do = async (work: () => Promise<unknown>): Promise<void> => {
    this.told = '';
    this.isBusy = true;
    try {
      await work();
    } catch (error) {
      this.told = error instanceof Problem && error.what ? `${error.what}. ${error.hint}` : say('problem');
    }
    this.isBusy = false;
  };
}
