/**
 * A push: one turn, a notification, then what was missed. Whatever happens there is a notification
 * after two seconds: browsers end the subscription of whoever stays silent.
 */
import type { View } from "../core/generated/core";
import { type Prefs, readPrefs } from "../core/prefs";
import { TroubleError } from "../core/trouble";
import { type Speech, speech } from "../words/speak";
import { catchUp } from "./catchup";
import { Device, type Notice } from "./device";
import { type Data, GENERIC, type Words, aboutIncident, cannotOpen, generic, test } from "./notification";

declare const self: ServiceWorkerGlobalScope;

const PATIENCE = 2_000;

/** All that one push leads to; for `waitUntil`. */
export async function arrived(event: PushEvent): Promise<void> {
  const prefs = await readPrefs();
  const words = speech(prefs.language);
  const seen = await inSight();
  const opened = open(event, prefs, words, seen);
  // Null: what it is about is not known yet.
  const first = await Promise.race([opened.then((push) => push.shown, () => null), pause(PATIENCE).then(() => null)]);
  if (first === null) await show(generic(prefs, words));
  try {
    const { device, shown } = await opened;
    await device.tellPlatform();
    await catchUp(device, seen);
    const ringing = [...fresh];
    fresh.clear();
    if (first === null && shown !== null) await close(GENERIC);
    ringing.forEach(later);
  } catch (error) {
    if (error instanceof TroubleError && error.trouble === "storage-cleared") await show(cannotOpen(prefs, words));
  }
}

/** The turn. `shown`: the tag of what its owner sees of it; null: what it brings is not here yet. */
async function open(event: PushEvent, prefs: Prefs, words: Speech, seen: boolean) {
  const device = await Device.open(notice);
  const answer = await device.turns.take({ pushed: { push: content(event), in_sight: seen } });
  await device.settled();
  const pushed = answer && "ok" in answer && typeof answer.ok === "object" && "pushed" in answer.ok ? answer.ok.pushed : null;
  if (pushed?.test) return { device, shown: await show(test(prefs, words)) };
  const incident = pushed && !pushed.behind && device.view?.incidents.find(({ id }) => id === pushed.incident);
  if (!incident || !incident.notice) return { device, shown: null };
  const about = aboutIncident(incident, incident.notice, prefs, words);
  const there = await self.registration.getNotifications({ tag: about.options.tag });
  // Here before the push was: said again, without noise.
  if (there.length === 0 && !shownByThis.has(about.options.tag)) await show({ ...about, options: { ...about.options, renotify: false, silent: true, requireInteraction: false } });
  return { device, shown: about.options.tag };
}

/** What a push brings, wherever this browser puts it. */
function content(event: PushEvent): Uint8Array {
  try {
    const declared = (event as { notification?: Notification }).notification?.data as { m?: string } | undefined;
    const message = declared?.m ?? (event.data?.json() as { notification?: { data?: { m?: string } } }).notification?.data?.m;
    const text = atob((message ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Has an alert ring again, outside the push's own event: the next push waits for that to end. */
function later(tag: string): void {
  const { active } = self.registration;
  if (active) active.postMessage({ repeat: tag });
  else void repeat(tag);
}

/** Rings again until somebody opens or dismisses it, as long as the browser lets the worker live. */
export async function repeat(tag: string): Promise<void> {
  const { repeats } = await readPrefs();
  let waited = 0;
  for (const at of repeats) {
    await pause((at - waited) * 1_000);
    waited = at;
    const [there] = await self.registration.getNotifications({ tag });
    if (!there || (await inSight())) return;
    const { title, body, data, lang, dir, icon } = there;
    const again = { body, data: data as Data, lang, dir, icon, tag, renotify: true, requireInteraction: true };
    await self.registration.showNotification(title, again);
  }
}

/** Tags of alerts that have just come onto the screen and do not ring again yet. */
const fresh = new Set<string>();
/** Tags that pushes still under way have shown. */
const shownByThis = new Set<string>();

async function notice({ incident, kind }: Notice, view: View): Promise<void> {
  const found = view.incidents.find(({ id }) => id === incident);
  if (!found) return;
  const prefs = await readPrefs();
  const tag = await show(aboutIncident(found, kind, prefs, speech(prefs.language)));
  shownByThis.add(tag);
  setTimeout(() => shownByThis.delete(tag), 10_000);
  await close(GENERIC);
  if (kind === "alert") fresh.add(tag);
}

async function show({ title, options }: Words): Promise<string> {
  await self.registration.showNotification(title, options);
  return options.tag;
}

async function close(tag: string): Promise<void> {
  for (const notification of await self.registration.getNotifications({ tag })) notification.close();
}

async function inSight(): Promise<boolean> {
  const windows = await self.clients.matchAll({ type: "window" });
  return windows.some((window) => window.visibilityState === "visible");
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A tap on a notification: straight to what it is about. */
export async function tapped(notification: Notification): Promise<void> {
  notification.close();
  const { incident } = (notification.data ?? {}) as Data;
  const [window] = await self.clients.matchAll({ type: "window" });
  if (window) {
    await window.focus().catch(() => undefined);
    window.postMessage({ open: incident });
  } else {
    await self.clients.openWindow(incident ? `/#open=${incident}` : "/");
  }
}

/** The browser has replaced or ended the subscription. */
export async function subscriptionChanged(): Promise<void> {
  const device = await Device.open(notice);
  await device.tellPlatform();
  await catchUp(device, await inSight());
}
