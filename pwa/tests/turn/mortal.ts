// What a turn is given, each part able to stop for good at a named step: nothing gets out any more,
// as if the context had died there, and whoever ends it for real has all the time. Nothing in the
// app knows of it.
import type { Input, Session, Turn } from "../../src/core/generated/core";
import type { Store } from "../../src/core/store";
import { type Outside, TURN_LOCK } from "../../src/core/turns";

export type Step =
  | "before the lock"
  | "rows read"
  | "turn taken"
  | "rows written"
  | "committed"
  | "amid effects"
  | "others untold";

/** Which turn is to be the last: the first of this kind; of those received, the one with a notice. */
export type Kind = "command" | "received" | "shown";

type SessionClass = new (vault: Uint8Array, seed: Uint8Array, rows: [Uint8Array, Uint8Array][]) => Session;

export class Fate {
  private due: { step: Step; kind: Kind } | undefined;
  /** An input of the kind is on its way; its turn was taken. */
  private begun = false;
  private taken = false;
  private dead = false;
  private generation = -1;

  /** `tell`: up to which generation a commit was confirmed when it died. */
  constructor(private readonly tell: (generation: number) => void) {}

  arm(step: Step, kind: Kind): void {
    this.due = { step, kind };
    this.begun = false;
    this.taken = false;
  }

  /** An input is about to be handed to the turn. */
  begins(input: Input): void {
    this.begun ||= this.due !== undefined && this.due.kind === kindOf(input);
  }

  ofLocks(): void {
    const request = navigator.locks.request.bind(navigator.locks) as (...all: unknown[]) => Promise<unknown>;
    const mortal = async (...all: unknown[]) => {
      if (all[0] === TURN_LOCK) await this.pass("before the lock", this.begun);
      return request(...all);
    };
    navigator.locks.request = mortal as LockManager["request"];
  }

  ofStore(store: Store): Store {
    const { generation, read, commit } = store;
    store.generation = async () => {
      const found = await generation.call(store);
      this.generation = found;
      await this.pass("rows read", this.begun);
      return found;
    };
    store.read = async () => {
      const found = await read.call(store);
      this.generation = found.generation;
      await this.pass("rows read", this.begun);
      return found;
    };
    store.commit = async (expected, changes) => {
      await this.pass("turn taken", this.taken);
      const undo = this.is("rows written", this.taken) ? holdOpen(() => this.die()) : undefined;
      this.generation = await commit.call(store, expected, changes);
      undo?.();
      await this.pass("committed", this.taken);
      return this.generation;
    };
    return store;
  }

  ofCore(Core: SessionClass): SessionClass {
    const decided = (input: Input, turn: Turn) => {
      const notice = turn.effects.some((effect) => typeof effect === "object" && "notify" in effect);
      const kind = this.due?.kind;
      if (kind && kind === kindOf(input) && (kind !== "received" || notice)) this.taken = true;
    };
    return class extends Core {
      override turn(now: number, input: Input): Turn {
        const turn = super.turn(now, input);
        decided(input, turn);
        return turn;
      }
    };
  }

  ofOutside(outside: Outside): Outside {
    const unless = <T extends unknown[]>(carryOut: (...all: T) => void) => (...all: T) => {
      if (!this.dead) carryOut(...all);
    };
    return {
      changed: unless((...all) => outside.changed(...all)),
      wake: unless((at) => outside.wake(at)),
      saving: unless((on) => outside.saving(on)),
      dropped: unless(() => outside.dropped()),
      effects: unless((effects) => {
        if (!this.is("amid effects", this.taken)) return outside.effects(effects);
        outside.effects(effects.slice(0, 1));
        this.die();
      }),
      wrote: unless((generation) => {
        if (this.is("others untold", this.taken)) this.die();
        else outside.wrote(generation);
      }),
    };
  }

  private is(step: Step, there: boolean): boolean {
    return !this.dead && there && this.due?.step === step;
  }

  private async pass(step: Step, there: boolean): Promise<void> {
    if (this.is(step, there)) this.die();
    if (this.dead) await new Promise<never>(() => undefined);
  }

  private die(): void {
    this.dead = true;
    this.tell(this.generation);
  }
}

function kindOf(input: Input): Kind | undefined {
  if (typeof input !== "object") return undefined;
  return (["command", "received", "shown"] as const).find((kind) => kind in input);
}

/** From the write of the generation on, the last one, its transaction does not end: it always has one more request. */
function holdOpen(then: () => void): () => void {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
    const request = put.call(this, value, key);
    if (key !== "generation") return request;
    let told = false;
    const more = () => {
      // Requests are carried out in order: all that was written is in the transaction now.
      if (!told) then();
      told = true;
      this.get("generation").onsuccess = more;
    };
    this.get("generation").onsuccess = more;
    return request;
  };
  return () => {
    IDBObjectStore.prototype.put = put;
  };
}
