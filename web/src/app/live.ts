// News from the server: a page that shows what happens asks again when something has happened, while somebody looks.

/** A page asks again at most so often, in milliseconds: figures that flicker cannot be read. */
const pause = 2_000;

/** Calls `ask` when the server has something new, one call at a time; returns how to stop. */
export function follow(ask: () => Promise<void>): () => void {
  let stream: EventSource | null = null;
  let told: string | null = null;
  let isDue = false;
  let isAsking = false;
  let isOver = false;

  const askInTurn = async () => {
    if (isAsking) return;
    isAsking = true;
    while (isDue && !isOver) {
      // Before it asks: what comes meanwhile is one answer, and a page that has just been drawn is left alone.
      await new Promise((done) => setTimeout(done, pause));
      isDue = false;
      if (!isOver) await ask();
    }
    isAsking = false;
  };
  const hear = (event: MessageEvent<string>) => {
    if (event.data === told) return;
    told = event.data;
    isDue = true;
    void askInTurn();
  };
  const close = () => {
    stream?.close();
    stream = null;
  };
  const listen = () => {
    close();
    if (document.hidden) return; // A page that nobody sees costs nothing.
    stream = new EventSource('/api/live');
    stream.addEventListener('analysis', hear);
  };

  document.addEventListener('visibilitychange', listen);
  listen();
  return () => {
    isOver = true;
    document.removeEventListener('visibilitychange', listen);
    close();
  };
}
