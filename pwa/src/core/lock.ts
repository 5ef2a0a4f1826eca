/** The app's lock: the vault's key sealed under a PIN, which its owner types to open the app. */
import { type Readable, readonly, writable } from "svelte/store";

import { readPrefs, writePrefs } from "./prefs";
import { type Store } from "./store";

/** What binds the core, as far as the lock needs it. */
interface Sealer {
  lockVault(vault: Uint8Array, pin: string, seed: Uint8Array): Uint8Array;
  unlockVault(locked: Uint8Array, pin: string): Uint8Array;
}

/** What became of a PIN that was typed. `wait`: no other is looked at before then, Unix milliseconds. */
export type Typed = "right" | "wrong" | { wait: number };

/** Out of sight for longer, it is locked again, ms. */
const AWAY = 5 * 60_000;
/** Wrong ones that cost nothing but the time to type. */
const FREE = 5;
const FIRST_PAUSE = 30_000;
const LAST_PAUSE = 15 * 60_000;

export class Lock {
  private readonly asking = writable(false);
  private readonly pin = writable(false);
  private key: { sealed: Uint8Array; give(vault: Uint8Array): void } | undefined;
  private hiddenAt: number | undefined;
  private alarm: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly sealer: () => Promise<Sealer>) {
    document.addEventListener("visibilitychange", () => this.seen());
  }

  /** The app waits for its PIN. */
  get closed(): Readable<boolean> {
    return readonly(this.asking);
  }

  /** There is a PIN. */
  get set(): Readable<boolean> {
    return readonly(this.pin);
  }

  /** The vault's key, once the PIN has been typed. For `Store.open`. */
  readonly opened = (sealed: Uint8Array): Promise<Uint8Array> => {
    this.pin.set(true);
    this.asking.set(true);
    return new Promise((resolve) => {
      this.key = {
        sealed,
        give: (vault) => {
          this.asking.set(false);
          resolve(vault);
        },
      };
    });
  };

  /** Opens the app, if it is the PIN. */
  async type(pin: string): Promise<Typed> {
    const { key } = this;
    if (!key) return "right";
    const answer = await this.tried(key.sealed, pin);
    if (answer instanceof Uint8Array) key.give(answer);
    return answer instanceof Uint8Array ? "right" : answer;
  }

  /** From now on the app opens with this PIN. */
  async protect(store: Store, pin: string): Promise<void> {
    const { lockVault } = await this.sealer();
    await store.protect(lockVault(store.vault, pin, crypto.getRandomValues(new Uint8Array(32))));
    this.pin.set(true);
  }

  /** From now on it opens without one, if this is it. */
  async release(store: Store, pin: string): Promise<Typed> {
    const sealed = await store.protected();
    const answer = sealed ? await this.tried(sealed, pin) : "right";
    if (answer !== "right" && !(answer instanceof Uint8Array)) return answer;
    await store.protect(undefined);
    this.pin.set(false);
    return "right";
  }

  private async tried(sealed: Uint8Array, pin: string): Promise<Uint8Array | Typed> {
    const { unlockVault } = await this.sealer();
    const { wrongPins } = await readPrefs();
    if (wrongPins.until > Date.now()) return { wait: wrongPins.until };
    try {
      const vault = unlockVault(sealed, pin);
      await writePrefs({ wrongPins: { count: 0, until: 0 } });
      return vault;
    } catch (error) {
      if (error !== "pin-wrong") throw error;
    }
    const count = wrongPins.count + 1;
    const pause = count < FREE ? 0 : Math.min(FIRST_PAUSE * 2 ** (count - FREE), LAST_PAUSE);
    const until = Date.now() + pause;
    await writePrefs({ wrongPins: { count, until } });
    return pause === 0 ? "wrong" : { wait: until };
  }

  /** A page that is loaded anew knows nothing of what the last one had opened. */
  private seen(): void {
    clearTimeout(this.alarm);
    if (document.visibilityState !== "visible") {
      this.hiddenAt = Date.now();
      this.alarm = setTimeout(() => this.close(), AWAY);
    } else if (this.hiddenAt !== undefined && Date.now() - this.hiddenAt >= AWAY) {
      this.close();
    }
  }

  private close(): void {
    let set = false;
    this.pin.subscribe((pin) => (set = pin))();
    if (set) location.reload();
  }
}
