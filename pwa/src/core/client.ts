/** The device as the screens see it: a view to show and commands to give. */
import { type Readable, get, readonly, writable } from "svelte/store";

import wasmUrl from "./generated/core_bg.wasm?url&no-inline";

import type { Answer, Command, Link as LinkTarget, View } from "./generated/core";
import { Bell } from "./bell";
import type { Device, Message } from "./device";
import type { Link } from "./link";
import { forgetHeld } from "./held";
import { forget } from "./kept";
import { loadCore } from "./load";
import { channel } from "./locks";
import { Lock, type Typed } from "./lock";
import { forgetPrefs } from "./prefs";
import type { UpTo } from "./standing";
import { type Trouble, barrier, troubleOf } from "./trouble";
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
  /** The browser has not started the worker that rings, though it knows workers. */
  readonly unstarted: Readable<boolean>;
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
const behind = () => import("./device");

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
  const device: Promise<Device | undefined> = begun.then(async () => {
    const wall = barrier();
    if (wall) return void trouble.set(wall);
    // Both on their way at once.
    void core().catch(() => undefined);
    try {
      return await (await behind()).start({ view, link, upTo, trouble, saving }, lock, core, () => worker);
    } catch (error) {
      return void trouble.set(troubleOf(error));
    }
  });
  const { update, restart, worker, unstarted } = watchUpdates(device);
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
    unstarted,
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
      try {
        await lock.protect(opened.store, pin);
      } catch (error) {
        return trouble.set(troubleOf(error));
      }
      opened.tell({ locked: true });
    },
    async removePin(pin) {
      const store = (await device)?.store;
      await painted();
      try {
        return store ? await lock.release(store, pin) : "right";
      } catch (error) {
        trouble.set(troubleOf(error));
        return "wrong";
      }
    },
    restart,
    async startAgain() {
      // Locked, there is nothing open yet.
      void device.then((device) => device?.store.close());
      try {
        await (await behind()).destroy();
      } catch (error) {
        return trouble.set(troubleOf(error));
      }
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
