import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { follow } from './live';

/** Stands in for the browser's stream of events. */
class Stream extends EventTarget {
  static open: Stream[] = [];
  constructor(readonly address: string) {
    super();
    Stream.open.push(this);
  }
  close() {
    Stream.open = Stream.open.filter((stream) => stream !== this);
  }
  static tell(version: string) {
    for (const stream of Stream.open) stream.dispatchEvent(new MessageEvent('analysis', { data: version }));
  }
}

describe('follow', () => {
  let page: EventTarget & { hidden: boolean };

  beforeEach(() => {
    vi.useFakeTimers();
    page = Object.assign(new EventTarget(), { hidden: false });
    vi.stubGlobal('document', page);
    vi.stubGlobal('EventSource', Stream);
    Stream.open = [];
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('asks once for all that came meanwhile, and only when something came', async () => {
    const ask = vi.fn(() => Promise.resolve());
    const stop = follow(ask);
    Stream.tell('1');
    expect(ask).not.toHaveBeenCalled();
    Stream.tell('2');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ask).toHaveBeenCalledTimes(1);
    Stream.tell('2');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ask).toHaveBeenCalledTimes(1);
    Stream.tell('3');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ask).toHaveBeenCalledTimes(2);
    Stream.tell('4');
    stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('listens only while somebody looks', () => {
    const stop = follow(() => Promise.resolve());
    expect(Stream.open).toHaveLength(1);
    page.hidden = true;
    page.dispatchEvent(new Event('visibilitychange'));
    expect(Stream.open).toHaveLength(0);
    page.hidden = false;
    page.dispatchEvent(new Event('visibilitychange'));
    expect(Stream.open).toHaveLength(1);
    stop();
    expect(Stream.open).toHaveLength(0);
  });
});
