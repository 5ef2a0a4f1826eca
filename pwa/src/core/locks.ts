/**
 * Web Locks, and something in their place where a browser has none: turns of one window then still follow each
 * other. Between windows the store's generation check is what keeps rows right.
 */
type Work<T> = (lock: unknown) => T | Promise<T>;

interface How {
  ifAvailable?: boolean;
  steal?: boolean;
  signal?: AbortSignal;
}

const held = new Map<string, Promise<unknown>>();

export function request<T>(name: string, how: How, work: Work<T>): Promise<T> {
  if (navigator.locks) return navigator.locks.request(name, how, work as (lock: Lock | null) => T) as Promise<T>;
  const before = held.get(name);
  if (before && how.ifAvailable) return Promise.resolve(work(null));
  const turn = (how.steal ? Promise.resolve() : (before ?? Promise.resolve())).then(() => {
    if (how.signal?.aborted) throw new DOMException("late", "AbortError");
    return work({});
  });
  const over = turn.then(
    () => undefined,
    () => undefined,
  );
  held.set(name, over);
  void over.then(() => {
    if (held.get(name) === over) held.delete(name);
  });
  return turn;
}

/** A signal that says when `ms` are over. */
export function after(ms: number): AbortSignal {
  const end = new AbortController();
  setTimeout(() => end.abort(), ms);
  return end.signal;
}

/** A channel between windows, where there is such a thing. */
export function channel(name: string): Pick<BroadcastChannel, "postMessage" | "onmessage"> {
  return typeof BroadcastChannel === "function" ? new BroadcastChannel(name) : { postMessage: () => undefined, onmessage: null };
}
