/**
 * The turn in the browser, the same in window and service worker:
 * queue, lock, reload if another context has written, the core's synchronous turn, one strict
 * transaction, release, and only then the effects. The lock keeps contexts from getting in each
 * other's way; that nothing is ever written on outdated rows is the generation check's doing.
 */
import type { Answer, Effect, Input, Session, View } from "./generated/core";
import { after, request } from "./locks";
import { Overtaken, type Store } from "./store";

/** Name of the Web Lock that whoever takes turns holds. */
export const TURN_LOCK = "campana-turn";

/** Whoever holds the lock for so long is frozen: should it ever write, it will find itself overtaken. */
const PATIENCE = 10_000;
/** After a turn that failed, another: a full disk may have been emptied, ms. */
const RETRY = 5_000;

/** What turns bring about. */
export interface Outside {
  /** To carry out, in order; all that led to it is durable. */
  effects(effects: Effect[]): void;
  /** This context has written up to `generation`: others would like to know. */
  wrote(generation: number): void;
  /** The state may be another; `generation` names it. */
  changed(view: View, generation: number): void;
  /** When to tick, Unix milliseconds. */
  wake(at: number | undefined): void;
  /** Inputs are on their way to disk, or no longer. */
  saving(saving: boolean): void;
  /** The core was dropped, and with it all it knew of its connection: only a new one is of use. */
  dropped(): void;
}

interface Job {
  input: Input | "look";
  resolve(answer: Answer | undefined): void;
  reject(error: unknown): void;
}

type SessionClass = new (vault: Uint8Array, seed: Uint8Array, rows: [Uint8Array, Uint8Array][]) => Session;

export class Turns {
  private session: Session | undefined;
  private generation = -1;
  private queue: Job[] = [];
  private draining = false;

  constructor(
    private readonly store: Store,
    private readonly Session: SessionClass,
    private readonly outside: Outside,
    private readonly now: () => number = Date.now,
  ) {}

  /** One turn; resolves when it is durable. A command's answer comes with it. */
  take(input: Input): Promise<Answer | undefined> {
    return this.enqueue(input);
  }

  /** Takes over what another context wrote, if it did. */
  async look(): Promise<void> {
    await this.enqueue("look");
  }

  /** The generation that this context knows. */
  get known(): number {
    return this.generation;
  }

  /** Address of the relay, once there is one. */
  relay(): string | undefined {
    return this.session?.relay();
  }

  private enqueue(input: Input | "look"): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      this.queue.push({ input, resolve, reject });
      if (!this.draining) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.draining = true;
    this.outside.saving(true);
    try {
      while (this.queue.length > 0) {
        await this.holdAndTurn();
      }
    } finally {
      this.draining = false;
      this.outside.saving(false);
    }
  }

  /** Everything that waits, in one hold of the lock: a tap does not queue behind each frame. */
  private async holdAndTurn(): Promise<void> {
    const done: (() => void)[] = [];
    const effects: Effect[] = [];
    // Null: no turn was taken, what the last one said stands.
    let wake: number | undefined | null = null;
    let turned = false;
    let wrote = false;
    let view: View | undefined;
    try {
      const hold = async () => {
        const reloaded = await this.refresh();
        const turn = async (input: Input): Promise<Answer | undefined> => {
          const session = this.session;
          if (!session) throw new Error("no session");
          const turn = session.turn(this.now(), input);
          if (turn.changes.length > 0) {
            this.generation = await this.store.commit(this.generation, turn.changes);
            wrote = true;
          }
          turned = true;
          effects.push(...turn.effects);
          wake = turn.wake;
          return turn.answer;
        };
        for (let job = this.queue[0]; job; job = this.queue[0]) {
          const { input, resolve } = job;
          const answer = input === "look" ? undefined : await turn(input);
          this.queue.shift();
          done.push(() => resolve(answer));
        }
        // Any turn brings out what is owed; two in one hold would do so twice.
        if (reloaded && !turned) await turn("resume");
        view = this.session?.view(this.now());
      };
      await alone(hold);
    } catch (error) {
      this.forget();
      this.outside.dropped();
      effects.length = 0;
      wake = this.now() + RETRY;
      // Overtaken although we held the lock: it was taken from us. Nothing was written; again.
      if (!(error instanceof Overtaken)) this.queue.shift()?.reject(error);
    }
    for (const resolve of done) resolve();
    if (view) this.outside.changed(view, this.generation);
    if (wake !== null) this.outside.wake(wake);
    this.outside.effects(effects);
    if (view && wrote) this.outside.wrote(this.generation);
  }

  /** The core as the store has it now. Whether that took loading. */
  private async refresh(): Promise<boolean> {
    if (this.session && (await this.store.generation()) === this.generation) return false;
    const { generation, rows } = await this.store.read();
    if (this.session) {
      this.session.reload(rows);
    } else {
      const seed = crypto.getRandomValues(new Uint8Array(32));
      this.session = new this.Session(this.store.vault, seed, rows);
    }
    this.generation = generation;
    return true;
  }

  /** After any failure the core in memory may be ahead of the store: it is loaded anew. */
  private forget(): void {
    try {
      this.session?.free();
    } catch {
      // A core that panicked can't be freed; it goes with the page.
    }
    this.session = undefined;
    this.generation = -1;
  }
}

/**
 * Works while no other context does. A lock that is taken away does not stop what goes on under
 * it: the generation check does. Throws where there are no locks to be had: a page that was left
 * gets none.
 */
async function alone(work: () => Promise<void>): Promise<void> {
  let working: Promise<void> | undefined;
  const begin = () => (working ??= work());
  await request(TURN_LOCK, { signal: after(PATIENCE) }, begin)
    .catch(() => working ?? request(TURN_LOCK, { steal: true }, begin))
    .catch((error: unknown) => {
      if (!working) throw error;
    });
  await working;
}
