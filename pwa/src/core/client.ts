/** The device as the screens see it: a view to show and commands to give. */
import { type Readable, type Writable, get, readonly, writable } from "svelte/store";

import wasmUrl from "./generated/core_bg.wasm?url&no-inline";

import type { Answer, Command, Effect, Link as LinkTarget, View } from "./generated/core";
import { Alerts } from "./alerts";
import { Bell } from "./bell";
import { isWish } from "./platform";
import { Connection, type Link } from "./link";
import { forgetHeld } from "./held";
import { forget } from "./kept";
import { loadCore, resetCore } from "./load";
import { channel } from "./locks";
import { Lock, type Typed } from "./lock";
import { forgetPrefs, readPrefs } from "./prefs";
import { Standing, type UpTo } from "./standing";
import { Store } from "./store";
import { type Trouble, barrier, troubleOf } from "./trouble";
import { Turns } from "./turns";
import { watchUpdates } from "./update";
import { CHANNEL } from "./windows";
import { PATIENCE, within } from "./within";

export type { Link } from "./link";
export type { Typed } from "./lock";
export type { Trouble } from "./trouble";

export interface Client {
  /** `null` until the core has arrived. */
  readonly view: Readable<View | null>;
  readonly link: Readable<Link>;
  /** Until when what is shown is all there is. */
  readonly upTo: Readable<UpTo>;
  readonly trouble: Readable<Trouble | null>;
  /** The app waits for its PIN. */
  readonly locked: Readable<boolean>;
  /** Something has come that only the open app can read. */
  readonly knocked: Readable<boolean>;
  /** There is a PIN. */
  readonly hasPin: Readable<boolean>;
  /** A turn is on its way to disk. */
  readonly saving: Readable<boolean>;
  /** A new version waits for a tap. */
  readonly update: Readable<boolean>;
  /** Resolves once durable on this device, not once sent. */
  command(command: Command): Promise<Answer>;
  /** What a text leads to, without following it. */
  describe(text: string): Promise<LinkTarget>;
  /** Turns alerts on, asking for permission: within a tap. False if the browser's question had no answer. */
  turnOnAlerts(): Promise<boolean>;
  /** Opens the app with its PIN. */
  unlock(pin: string): Promise<Typed>;
  /** Puts a PIN before what is stored here. */
  setPin(pin: string): Promise<void>;
  /** Takes the PIN away, if this is it. */
  removePin(pin: string): Promise<Typed>;
  /** Takes the new version. */
  restart(): void;
  /** Throws away everything on this device and begins anew. */
  startAgain(): Promise<void>;
  /** Tries again after trouble. */
  retry(): void;
}

/** After the first screen. */
const core = () => loadCore(() => import("./generated/core"), () => fetch(wasmUrl));

type Message =
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

/** `screen`: settles when the first screen is there. It needs no core, and is painted before the core
 * is asked for. */
export function open(screen: Promise<unknown>): Client {
  const view = writable<View | null>(null);
  const link = writable<Link>("none");
  const upTo = writable<UpTo>(null);
  const trouble = writable<Trouble | null>(null);
  const saving = writable(false);
  const lock = new Lock(core);
  const knocked = writable(false);
  const bell = new Bell(view);
  // Behind a PIN the core can't say what a push was: that one came is all there is to say.
  channel(CHANNEL).onmessage = ({ data }: MessageEvent<Message>) => {
    if (!("pushed" in data) || !get(lock.closed)) return;
    knocked.set(true);
    bell.ring();
  };
  const begun = screen.then(painted).then(seen);
  const device: Promise<Device | undefined> = begun.then(() => start({ view, link, upTo, trouble, saving }, lock, () => worker));
  const { update, restart, worker } = watchUpdates(device);
  return {
    view: readonly(view),
    link: readonly(link),
    upTo: readonly(upTo),
    trouble: readonly(trouble),
    saving: readonly(saving),
    locked: lock.closed,
    knocked: readonly(knocked),
    hasPin: lock.set,
    update,
    async command(command) {
      const turns = (await device)?.turns;
      if (!turns) return { error: "bug" };
      if (typeof command === "object" && ("join" in command || "start" in command)) keepStored();
      try {
        return (await turns.take({ command })) ?? { error: "bug" };
      } catch (error) {
        const word = troubleOf(error);
        // A full disk can be emptied and the answer says it; the others stay.
        if (word !== "storage-full" && word !== "core-failed") trouble.set(word);
        return { error: word === "core-failed" ? "bug" : word };
      }
    },
    async turnOnAlerts() {
      keepStored();
      return (await (await device)?.alerts.turnOn()) ?? true;
    },
    describe: async (text) => (await core()).describeLink(text, location.origin),
    async unlock(pin) {
      await painted();
      try {
        return await lock.type(pin);
      } catch (error) {
        trouble.set(troubleOf(error));
        return "wrong";
      }
    },
    async setPin(pin) {
      const opened = await device;
      if (!opened) return;
      await painted();
      await lock.protect(opened.store, pin);
      opened.tell({ locked: true });
    },
    async removePin(pin) {
      const store = (await device)?.store;
      await painted();
      return store ? lock.release(store, pin) : "right";
    },
    restart,
    async startAgain() {
      // Locked, there is nothing open yet.
      void device.then((device) => device?.store.close());
      await Store.destroy();
      await Promise.all([silence(worker), forgetPrefs()]);
      forget();
      forgetHeld();
      channel(CHANNEL).postMessage({ gone: true } satisfies Message);
      location.reload();
    },
    retry() {
      void device.then((device) => {
        // What is written half stays on the screen.
        if (!device || get(trouble) !== "storage-full") return location.reload();
        trouble.set(null);
        return device.turns.take("tick").catch((error: unknown) => trouble.set(troubleOf(error)));
      });
    },
  };
}

/** Asks the browser not to clear what is stored when it needs room. It may ask the person, or never answer. */
function keepStored(): void {
  void navigator.storage?.persist?.().catch(() => false);
}

/** Ends what the browser still does for this device: pushes, and notifications that are shown. */
async function silence(worker: Promise<ServiceWorkerRegistration | undefined>): Promise<void> {
  try {
    // The promise waits for the core, which is not there if the app is locked.
    await within(PATIENCE.state, hush(Promise.race([worker, navigator.serviceWorker?.getRegistration()])));
  } catch {
    // The relay finds out when it next pushes.
  }
}

async function hush(worker: Promise<ServiceWorkerRegistration | undefined>): Promise<void> {
  const registration = await worker;
  for (const notification of (await registration?.getNotifications?.()) ?? []) notification.close();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

/** After the next frame, or soon if the window is out of sight. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 200);
  });
}

/** Once the first screen is not only drawn but on the glass: what is fetched before counts as part of it.
 * Browsers that do not tell, and windows out of sight, wait for half a second. */
function seen(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 500);
    try {
      new PerformanceObserver((list, observer) => {
        if (list.getEntriesByName("first-contentful-paint").length === 0) return;
        observer.disconnect();
        resolve();
      }).observe({ type: "paint", buffered: true });
    } catch {
      // It does not tell.
    }
  });
}

interface Device {
  turns: Turns;
  alerts: Alerts;
  store: Store;
  /** Says something to all other windows. */
  tell(message: Message): void;
}

interface Shown {
  view: Writable<View | null>;
  link: Writable<Link>;
  upTo: Writable<UpTo>;
  trouble: Writable<Trouble | null>;
  saving: Writable<boolean>;
}

async function start(
  { view, link, upTo, trouble, saving }: Shown,
  lock: Lock,
  worker: () => Promise<ServiceWorkerRegistration | undefined>,
): Promise<Device | undefined> {
  try {
    const wall = barrier();
    if (wall) {
      trouble.set(wall);
      return undefined;
    }
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
  } catch (error) {
    trouble.set(troubleOf(error));
    return undefined;
  }
}

type Notice = Extract<Effect, { notify: unknown }>["notify"];
