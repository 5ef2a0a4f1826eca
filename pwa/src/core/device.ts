/** The device behind the screens: store, turns, connection and alerts. It comes with the core, after the first screen. */
import { type Writable, get } from "svelte/store";

import type { Effect, View } from "./generated/core";
import { Alerts } from "./alerts";
import { Connection, type Link } from "./link";
import { resetCore } from "./load";
import { channel } from "./locks";
import type { Lock } from "./lock";
import { isWish } from "./platform";
import { readPrefs } from "./prefs";
import { Standing, type UpTo } from "./standing";
import { Store } from "./store";
import { type Trouble, troubleOf } from "./trouble";
import { Turns } from "./turns";
import { CHANNEL } from "./windows";

export type Message =
  /** Rows were written, up to this generation. */
  | { wrote: number }
  /** From the leader: what it sees. Its core is the one that is connected. */
  | { sight: { view: View; generation: number; link: Link } }
  /** Is there a leader? It answers with what it sees. */
  | { asked: true }
  /** Nobody has seen these where they came: whoever shows them says so. */
  | { owed: Notice[] }
  /** Everything on this device was thrown away. */
  | { gone: true }
  /** There is a PIN now: what other windows have open is closed. */
  | { locked: true }
  /** A push came that the worker could only keep. */
  | { pushed: true };

/** Invites expire though nothing happens, and another context may have died before it told. */
const LOOK_EVERY = 30_000;

export interface Device {
  turns: Turns;
  alerts: Alerts;
  store: Store;
  /** Says something to all other windows. */
  tell(message: Message): void;
}

export interface Shown {
  view: Writable<View | null>;
  link: Writable<Link>;
  upTo: Writable<UpTo>;
  trouble: Writable<Trouble | null>;
  saving: Writable<boolean>;
}

/** Throws what keeps the device from starting. */
export async function start(
  { view, link, upTo, trouble, saving }: Shown,
  lock: Lock,
  core: () => Promise<typeof import("./generated/core")>,
  worker: () => Promise<ServiceWorkerRegistration | undefined>,
): Promise<Device> {
  const standing = new Standing(upTo, await readPrefs());
  const [{ Session }, store] = await Promise.all([core(), Store.open({ unlock: lock.opened })]);
  const others = channel(CHANNEL);
  const tell = (message: Message) => others.postMessage(message);
  const shown: { view?: View; generation: number; link: Link } = { generation: -1, link: "none" };
  /** What had been written when there was no room for more. */
  let fullAt = -1;
  /** A phone is full until something has been written; other trouble is over with any turn. */
  const settled = (generation: number) => {
    if (generation > fullAt || get(trouble) !== "storage-full") trouble.set(null);
  };
  // Views are large: they are sent only once there is somebody to see them.
  let watched = false;
  const share = () => {
    const { view, generation, link } = shown;
    if (watched && view && connection.leading) tell({ sight: { view, generation, link } });
  };
  const showView = (next: View, generation: number) => {
    Object.assign(shown, { view: next, generation });
    view.set(next);
    standing.saw(shown);
  };
  const showLink = (now: Link) => {
    shown.link = now;
    link.set(now);
    standing.saw(shown);
  };
  let alarm: ReturnType<typeof setTimeout> | undefined;
  const owed: Notice[] = [];
  const inSight = () => document.visibilityState === "visible";
  const wasShown = (notice: Notice) => void turns.take({ shown: notice }).catch(() => undefined);
  // What this window shows, it has shown; out of sight it asks the others.
  const showOwed = () => {
    if (inSight()) owed.splice(0).forEach(wasShown);
    else if (owed.length > 0) tell({ owed });
  };
  const isHere = ({ incident, kind }: Notice) =>
    kind === "unread" || shown.view?.incidents.some(({ id, notice }) => id === incident && notice === kind);
  const carryOut = (effect: Effect) => {
    if (isWish(effect)) alerts.carryOut(effect);
    else if (effect === "reconnect") connection.reconnect();
    else if ("send" in effect) connection.send(effect.send);
    else {
      owed.push(effect.notify);
      showOwed();
    }
  };
  const turns = new Turns(store, Session, {
    effects: (effects) => effects.forEach(carryOut),
    wrote: (generation) => tell({ wrote: generation }),
    changed(next, generation) {
      settled(generation);
      // At the same generation the leader sees more.
      if (connection.leading || generation > shown.generation) showView(next, generation);
      share();
      connection.poke(next.me);
    },
    wake(at) {
      clearTimeout(alarm);
      // Only whoever is connected can do what a wake-up is for.
      if (at === undefined || !connection.leading) return;
      const pause = Math.min(Math.max(at - Date.now(), 0), 2 ** 31 - 1);
      alarm = setTimeout(() => void turns.take("tick").catch(fail), pause);
    },
    saving: (on) => saving.set(on),
    dropped() {
      resetCore();
      connection.reconnect();
    },
  });
  const alerts = new Alerts(turns, Promise.resolve().then(worker));
  const connection = new Connection(
    turns,
    (now) => {
      showLink(now);
      share();
    },
    () => tell({ asked: true }),
    (error) => {
      if (troubleOf(error) === "storage-full") fail(error);
    },
  );
  const fail = (error: unknown) => {
    const word = troubleOf(error);
    if (word === "storage-full") fullAt = shown.generation;
    trouble.set(word);
  };
  const openKept = () =>
    store.keptPushes(({ push, at, inSight }) => turns.take({ pushed: { push, in_sight: inSight, arrived_at: at } }));
  others.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("wrote" in data) {
      if (connection.leading && data.wrote > turns.known) void turns.look().catch(fail);
    } else if ("sight" in data) {
      connection.answered();
      if (connection.leading) return;
      showLink(data.sight.link);
      if (data.sight.generation > fullAt && get(trouble) === "storage-full") trouble.set(null);
      if (data.sight.generation >= shown.generation) showView(data.sight.view, data.sight.generation);
    } else if ("asked" in data) {
      watched = true;
      share();
      if (connection.leading) showOwed();
    } else if ("pushed" in data) {
      void openKept().catch(fail);
    } else if ("owed" in data) {
      if (inSight()) data.owed.filter(isHere).forEach(wasShown);
    } else {
      location.reload();
    }
  };
  setInterval(() => {
    if (connection.leading) void turns.look().catch(fail);
  }, LOOK_EVERY);
  document.addEventListener("visibilitychange", showOwed);
  await turns.look();
  await openKept();
  connection.start();
  void alerts.seen();
  return { turns, alerts, store, tell };
}

type Notice = Extract<Effect, { notify: unknown }>["notify"];

/** Throws away what is stored. */
export const destroy = () => Store.destroy();
