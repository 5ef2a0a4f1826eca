/**
 * An end for what a browser may never answer: a question to its owner, a store whose process was killed, a push
 * service that is out of reach.
 */

/** The browser has not answered in time. */
export class Late extends Error {}

/** How long an answer of a browser is worth waiting for, ms. */
export const PATIENCE = {
  /** What it knows itself. */
  state: 10_000,
  /** What it asks its owner: a question that was not seen is asked again. */
  question: 60_000,
  /** What it asks a server for. */
  service: 30_000,
};

/** `answer`, or `Late` after `ms`. */
export function within<T>(ms: number, answer: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late()), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
