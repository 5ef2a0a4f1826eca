/** Bringing something before its owner's eyes, and again until they have seen it. */
import { readPrefs } from "../core/prefs";
import type { Data, Words } from "./notification";
import { picture } from "./precache";

declare const self: ServiceWorkerGlobalScope;

/** Longer than this nobody waits for a browser to have shown something, ms. */
const PATIENCE = 1_000;
/** And no longer for its picture. */
const PICTURE_PATIENCE = 200;

/** What the browser shows, and what it is asked for, at this moment. */
const shows = new Set<Promise<unknown>>();
const asks = new Set<Promise<unknown>>();
/** What was last asked to be shown under each tag, and whether the browser says that it is. */
const last = new Map<string, { shown: Promise<unknown>; done: boolean }>();

/**
 * Keeps showing and asking apart: Chromium forgets a notification that comes up while it lists those that
 * are, and nothing puts that one away then. A browser that does not answer is waited for a moment only.
 */
async function apart<T>(mine: Set<Promise<unknown>>, others: Set<Promise<unknown>>, work: () => Promise<T>): Promise<T> {
  if (others.size > 0) await Promise.race([Promise.allSettled(others), pause(PATIENCE)]);
  const working = work();
  const over = Promise.race([working, pause(PATIENCE)]).catch(() => undefined);
  mine.add(over);
  void over.then(() => mine.delete(over));
  return working;
}

/**
 * Shows it; a browser that refuses how it is to be shown is asked for the words alone. Firefox lets
 * those that stay until touched wait for each other, and whoever shows one with them: it is asked
 * for, and no more than a moment is spent on it. Whether it is on the screen by then.
 */
export async function show({ title, options }: Words): Promise<boolean> {
  const { icon: stored = "", badge: _, ...words } = options;
  const icon = await Promise.race([picture(stored).catch(() => undefined), pause(PICTURE_PATIENCE)]);
  const { body = "", tag, data, silent = false } = words;
  const shown = apart(shows, asks, () =>
    self.registration
      .showNotification(title, icon ? { ...words, icon, badge: icon } : words)
      .catch(() => self.registration.showNotification(title, { body, tag, data, silent })),
  ).then(
    () => true,
    () => false,
  );
  const one = { shown, done: false };
  last.set(tag, one);
  void shown.then(() => (one.done = true));
  return Promise.race([shown, pause(PATIENCE).then(() => false)]);
}

/** What is up under this tag. */
export async function standing(tag: string): Promise<Notification | undefined> {
  return (await listed(tag))[0];
}

const listed = (tag: string) => apart(asks, shows, () => self.registration.getNotifications({ tag }));

/** Puts it away, and what of it comes up late. */
export async function close(tag: string): Promise<void> {
  const one = last.get(tag);
  for (const notification of await listed(tag)) notification.close();
  if (one && !one.done) void one.shown.then(() => (last.get(tag) === one ? close(tag) : undefined)).catch(() => undefined);
}

/** Has an alert ring again, outside the push's own event: the next push waits for that to end. */
export function later(tag: string): void {
  const { active } = self.registration;
  if (active) active.postMessage({ repeat: tag });
  else void repeat(tag);
}

/**
 * Rings again until somebody opens or dismisses it, or something else has taken its place, as long
 * as the browser lets the worker live.
 */
export async function repeat(tag: string): Promise<void> {
  const { repeats } = await readPrefs();
  let waited = 0;
  for (const at of repeats) {
    await pause((at - waited) * 1_000);
    waited = at;
    const seen = await inSight();
    const there = await standing(tag);
    const data = there?.data as Data | undefined;
    if (!there || data?.kind !== "alert" || seen) return;
    const { title, body, lang, dir, icon } = there;
    const again = { body, data, lang, dir, icon, tag, renotify: true, requireInteraction: true };
    await self.registration.showNotification(title, again);
  }
}

/** A window of this app is in sight. */
export async function inSight(): Promise<boolean> {
  const windows = await self.clients.matchAll({ type: "window" });
  return windows.some((window) => window.visibilityState === "visible");
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
