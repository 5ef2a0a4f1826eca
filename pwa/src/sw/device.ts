/** The device in the worker: the same core and store as in a window, for as long as the worker lives. */
import * as core from "../core/generated/core";
import type { Effect, View } from "../core/generated/core";
import { loadCore, resetCore } from "../core/load";
import { fulfil, isWish, platform } from "../core/platform";
import { Locked, Store } from "../core/store";
import { Turns } from "../core/turns";
import { CHANNEL } from "../core/windows";
import { wasm } from "./precache";
import { pause } from "./ring";

declare const self: ServiceWorkerGlobalScope;

/** Longer than this nobody waits for a browser to have shown or subscribed, ms: the next push may wait for it. */
const PATIENCE = 10_000;

/** Whether a push is the test that somebody asked for: it is no secret, and can be told without the store. */
export async function isTest(push: Uint8Array): Promise<boolean> {
  try {
    return (await loadCore(() => Promise.resolve(core), wasm)).isTestPush(push);
  } catch {
    return false;
  }
}

export type Notice = Extract<Effect, { notify: unknown }>["notify"];

export class Device {
  private static opening: Promise<Device> | undefined;

  /** Where frames go while a connection stands. */
  send: ((frame: Uint8Array) => void) | undefined;
  /** The connection is of no use any more. */
  hangUp: (() => void) | undefined;
  view: View | undefined;
  private readonly others = new BroadcastChannel(CHANNEL);
  private work: Promise<unknown>[] = [];

  private constructor(
    readonly turns: Turns,
    private readonly store: Store,
    private readonly show: (notice: Notice, view: View) => Promise<void>,
  ) {}

  /** `show`: brings a notice before its owner's eyes. Throws `Locked` where there is a PIN. */
  static async open(show: (notice: Notice, view: View) => Promise<void>): Promise<Device> {
    try {
      Device.opening ??= Device.load(show);
      const device = await Device.opening;
      if (await device.store.locked()) throw new Locked();
      return device;
    } catch (error) {
      Device.opening = undefined;
      throw error;
    }
  }

  private static async load(show: (notice: Notice, view: View) => Promise<void>): Promise<Device> {
    const [{ Session }, store] = await Promise.all([loadCore(() => Promise.resolve(core), wasm), Store.open({ create: false })]);
    let device: Device | undefined;
    const turns = new Turns(store, Session, {
      effects: (effects) => effects.forEach((effect) => device?.carryOut(effect)),
      wrote: (generation) => device?.others.postMessage({ wrote: generation }),
      changed(view) {
        if (device) device.view = view;
      },
      wake: () => undefined,
      saving: () => undefined,
      dropped() {
        resetCore();
        device?.hangUp?.();
      },
    });
    device = new Device(turns, store, show);
    return device;
  }

  /** What the browser says of push, told to the core. */
  async tellPlatform(): Promise<void> {
    await this.turns.take({ platform: await platform(self.registration) });
    await this.settled();
  }

  /** Once all that turns have brought about so far has been done, or a browser has not answered for long. */
  async settled(): Promise<void> {
    while (this.work.length > 0) await Promise.race([Promise.allSettled(this.work.splice(0)), pause(PATIENCE)]);
  }

  private carryOut(effect: Effect): void {
    if (effect === "reconnect") this.hangUp?.();
    else if (isWish(effect)) {
      this.work.push(fulfil(self.registration, effect).then((told) => this.turns.take({ platform: told })));
    } else if ("send" in effect) this.send?.(effect.send);
    else if ("notify" in effect && this.view) this.work.push(this.notify(effect.notify, this.view));
  }

  /** Shown before it is said to have been: twice under one tag is better than never. */
  private async notify(notice: Notice, view: View): Promise<void> {
    await this.show(notice, view);
    await this.turns.take({ shown: notice });
  }
}
