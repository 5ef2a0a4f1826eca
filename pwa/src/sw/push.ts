/**
 * A push: one turn, a notification, then what was missed. Whatever happens there is a notification
 * after two seconds, and each push has one of its own: browsers end the subscription of whoever
 * stays silent.
 */
import type { View } from "../core/generated/core";
import { type Prefs, readPrefs } from "../core/prefs";
import { Locked, Store } from "../core/store";
import { TroubleError } from "../core/trouble";
import { CHANNEL } from "../core/windows";
import { type Speech, speech } from "../words/speak";
import { catchUp } from "./catchup";
import { Device, type Notice, isTest } from "./device";
import { DESK, GENERIC, type Words, aboutIncident, cannotOpen, generic, nothing, reports, stopped, tagOf, test, unread } from "./notification";
import { close, inSight, later, pause, show, standing } from "./ring";

/** Then something is shown, whatever is known of the push by then, ms. */
const PATIENCE = 2_000;
/** Reports of one reading come within, ms. */
const TOGETHER = 100;

/** A push under way. */
interface Arrival {
  /** Where in `notices` those begin that have been shown since it came. */
  readonly from: number;
  /** Its owner has been told that something came. */
  said: boolean;
  /** The generic notification that was up before it. */
  readonly stood: Promise<Notification | undefined>;
}

/** What became of a push. */
interface Opened {
  /** Null: there is none to be had here. */
  device: Device | null;
  /** The tag of what was shown for it; null: what it brings is not known yet. */
  shown: string | null;
  push: Uint8Array;
}

/** All that one push leads to; for `waitUntil`. */
export async function arrived(event: PushEvent): Promise<void> {
  // Asked before anything is shown for this one.
  const stood = standing(GENERIC).catch(() => undefined);
  const arrival: Arrival = { from: notices.length, said: false, stood };
  const opening = open(event, arrival);
  const first = await Promise.race([opening.catch(() => null), pause(PATIENCE).then(() => null)]);
  // What is not on the disk yet, or not read yet, may have been told of all the same.
  const early = !arrival.said && (first === null || first.shown === null);
  if (early) {
    arrival.said = true;
    await show(generic(...(await manner())));
  }
  const opened = await opening.catch(() => null);
  if (!opened?.device) return;
  const { device, shown } = opened;
  const known = shown !== null && shown !== GENERIC;
  // One that stood before is another push's.
  if (early && known && !(await stood)) await close(GENERIC);
  await device.tellPlatform().catch(() => undefined);
  // Once everything has been read it is known what each push brought.
  if (await catchUp(device)) {
    if (known || (shown === null && notices.length > arrival.from)) await close(GENERIC);
    else if (shown === null && (await standing(GENERIC))) {
      const tag = await tell(device, opened.push, false, arrival);
      if (tag !== null && tag !== GENERIC) await close(GENERIC);
    }
  }
  fresh.forEach(later);
  fresh.clear();
}

/** The browser has replaced or ended the subscription. If that is the end of it, its owner has to know. */
export async function subscriptionChanged(): Promise<void> {
  let rings = false;
  try {
    const device = await Device.open(notice);
    await device.tellPlatform();
    await catchUp(device);
    const state = device.view?.alerts.state;
    rings = state === "on" || state === "refused" || state === "untested" || state === "unproved" || state === "off";
  } catch {
    // Nobody here can mend it.
  }
  if (!rings) await show(stopped(...(await manner())));
}

/** The turn, and what is shown for it. */
async function open(event: PushEvent, arrival: Arrival): Promise<Opened> {
  const push = content(event);
  const seen = await inSight();
  let device: Device;
  try {
    device = await Device.open(notice);
  } catch (error) {
    if (error instanceof Locked) return { device: null, shown: await keep(push, seen, arrival), push };
    if (!(error instanceof TroubleError && error.trouble === "storage-cleared")) throw error;
    await show(cannotOpen(...(await manner())));
    return { device: null, shown: GENERIC, push };
  }
  return { device, shown: await tell(device, push, seen, arrival), push };
}

/** Takes what it brings, and shows what that is: its tag, or null while that is not known. */
async function tell(device: Device, push: Uint8Array, seen: boolean, arrival: Arrival): Promise<string | null> {
  const answer = await device.turns.take({ pushed: { push, in_sight: seen } });
  await device.settled();
  const pushed = answer && "ok" in answer && typeof answer.ok === "object" && "pushed" in answer.ok ? answer.ok.pushed : null;
  if (pushed?.desk) return desk(device, seen, pushed.held, arrival);
  if (!pushed || pushed.behind) return null;
  const [prefs, words] = await manner();
  const incident = device.view?.incidents.find(({ id }) => id === pushed.incident);
  if (pushed.unread) {
    const about = unread(prefs, words);
    // It rings once until something can be read again, then each push is said without noise.
    if (!notices.includes(about.options.tag, arrival.from)) await show(quiet(about));
    return about.options.tag;
  }
  if (pushed.test || !incident?.notice) {
    // Whoever is at the desk can have something pushed: what is no alert must not look like one.
    const about = pushed.test ? test(prefs, words) : nothing(prefs, words);
    await show(about);
    return about.options.tag;
  }
  const about = aboutIncident(incident, incident.notice, prefs, words);
  const { tag } = about.options;
  // What somebody says of an alert has been shown beside it: the alert stays as it stands.
  const beside = tagOf(incident.id, "said-all-clear");
  if (notices.includes(beside, arrival.from) && !notices.includes(tag, arrival.from)) return beside;
  // Here before its push was: said again, without noise.
  if (!notices.includes(tag, arrival.from)) {
    const requireInteraction = (await standing(tag))?.requireInteraction ?? false;
    await show(quiet({ ...about, options: { ...about.options, requireInteraction } }));
  }
  return tag;
}

/** The same without noise. Silence and vibration exclude each other: browsers refuse both at once. */
function quiet(about: Words): Words {
  const { vibrate: _, ...options } = about.options;
  return { ...about, options: { ...options, renotify: false, silent: true } };
}

/** Something is in the desk's mailbox: what, it says when it is read. The tag of what was shown. */
async function desk(device: Device, seen: boolean, held: boolean, arrival: Arrival): Promise<string | null> {
  const loud = !seen && (device.view?.desk?.rings ?? false);
  // Who is not to be rung is told at once and without noise, and again when more is known.
  if (!loud) {
    arrival.said = true;
    if ((device.view?.desk?.waiting ?? 0) > 0) await tellDesk(device, false);
    else await show(quiet(generic(...(await manner()))));
  }
  const read = await catchUp(device);
  const waiting = device.view?.desk?.waiting ?? 0;
  const told = notices.includes(DESK, arrival.from);
  if (loud && told) return DESK;
  // It may be a report, or a push that is there so that others do not stand out.
  if (!read && (loud || waiting === 0)) return null;
  if (waiting === 0) {
    await show(nothing(...(await manner())));
    await close(DESK);
    return GENERIC;
  }
  // Nothing new: a ring that was held is for what still waits, and any other for a flood that has rung.
  await tellDesk(device, loud && held);
  if (!loud && !(await arrival.stood)) await close(GENERIC);
  return DESK;
}

/** How many reports wait. */
async function tellDesk(device: Device, loud: boolean): Promise<void> {
  await show(reports(Math.max(1, device.view?.desk?.waiting ?? 1), loud, ...(await manner())));
}

/** There is a PIN before the store: what came is kept, sealed as it is, for when it is opened. */
async function keep(push: Uint8Array, seen: boolean, arrival: Arrival): Promise<string> {
  const kept = Store.keepPush({ push, at: Date.now(), inSight: seen });
  const about = (await isTest(push)) ? test : generic;
  const notification = about(...(await manner()));
  const early = arrival.said;
  arrival.said = true;
  // Its owner may have opened the app since that was said.
  if (about !== generic || !early) await show(notification);
  if (about !== generic && early && !(await arrival.stood)) await close(GENERIC);
  await kept;
  const others = new BroadcastChannel(CHANNEL);
  others.postMessage({ pushed: true });
  others.close();
  return notification.options.tag;
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

/** Tags of alerts that have just come onto the screen and do not ring again yet. */
const fresh = new Set<string>();
/** The tags of all notices that this worker has shown, for the minutes that it lives. */
const notices: string[] = [];

async function notice({ incident, kind }: Notice, view: View): Promise<void> {
  if (kind === "unread") {
    const about = unread(...(await manner()));
    notices.push(about.options.tag);
    await show(about);
    return;
  }
  const found = view.incidents.find(({ id }) => id === incident);
  if (!found) return;
  if (kind === "report") return report(view, found.quiet);
  const about = aboutIncident(found, kind, ...(await manner()));
  const { tag } = about.options;
  if (kind === "alert") fresh.add(tag);
  notices.push(tag);
  await show(about);
  // It is over, or was wrong, for all of them: what one of them said is said.
  if (kind === "false-alarm" || kind === "all-clear") await close(tagOf(incident, "said-all-clear"));
}

/** Reports that came together are told of together: the last must not silence the first. */
let together: { loud: boolean; view: View; told: Promise<void> } | undefined;

function report(view: View, quiet: boolean): Promise<void> {
  // Whoever has no switch on was told before there was one.
  const loud = !quiet && (view.desk === undefined || view.desk.rings || view.desk.duty === "off");
  const batch = (together ??= { loud: false, view, told: pause(TOGETHER).then(tellTogether) });
  batch.loud ||= loud;
  batch.view = view;
  return batch.told;
}

async function tellTogether(): Promise<void> {
  const batch = together;
  together = undefined;
  notices.push(DESK);
  await show(reports(Math.max(1, batch?.view.desk?.waiting ?? 1), batch?.loud ?? false, ...(await manner())));
}

/** How its owner wants to be spoken to. */
async function manner(): Promise<[Prefs, Speech]> {
  const prefs = await readPrefs();
  return [prefs, speech(prefs.language)];
}
