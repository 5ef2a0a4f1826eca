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
  const free = how.steal || !before ? Promise.resolve() : before;
  const given = how.signal ? Promise.race([free, ended(how.signal)]) : free;
  const turn = given.then(() => work({}));
  // Whoever did not wait any longer leaves the lock with the one before.
  const over = Promise.allSettled(how.steal ? [turn] : [before, turn]);
  held.set(name, over);
  void over.then(() => {
    if (held.get(name) === over) held.delete(name);
  });
  return turn;
}

/** Whoever waits with a signal waits no longer than that. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("late", "AbortError"))));
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
