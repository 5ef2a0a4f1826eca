// A device without screens, for the tests of the turn: in a window, a worker and a service worker.
import type { Answer, Effect, Input, View } from "../../src/core/generated/core";
import { loadCore, resetCore } from "../../src/core/load";
import { Store } from "../../src/core/store";
import { type Outside, Turns } from "../../src/core/turns";
import { Fate, type Kind, type Step } from "./mortal";

type Notice = Extract<Effect, { notify: unknown }>["notify"];

export interface Device {
  turns: Turns;
  take(input: Input): Promise<Answer | undefined>;
  view(): View | undefined;
  effects: Effect[];
  notices(): Notice[];
  generation(): Promise<number>;
  /** One connection, until the device goes. */
  connect(): Promise<void>;
  /** Dies at this step of the next such turn, and says so on the channel "bench". */
  arm(step: Step, kind: Kind): void;
}

export async function open(module: string): Promise<Device> {
  const [{ Session }, store] = await Promise.all([loadCore(() => import("../../src/core/generated/core"), () => fetch(module)), Store.open()]);
  let view: View | undefined;
  let socket: WebSocket | undefined;
  const effects: Effect[] = [];
  const bench = new BroadcastChannel("bench");
  const fate = new Fate((generation) => bench.postMessage(generation));
  fate.ofLocks();
  const outside: Outside = {
    effects(more) {
      effects.push(...more);
      for (const effect of more) {
        if (typeof effect === "object" && "send" in effect) socket?.send(effect.send as Uint8Array<ArrayBuffer>);
      }
    },
    changed: (next) => (view = next),
    wrote: () => undefined,
    wake: () => undefined,
    saving: () => undefined,
    dropped: resetCore,
  };
  const turns = new Turns(fate.ofStore(store), fate.ofCore(Session), fate.ofOutside(outside));
  const take = (input: Input) => {
    fate.begins(input);
    return turns.take(input);
  };
  await turns.look();
  return {
    turns,
    take,
    effects,
    view: () => view,
    notices: () => effects.flatMap((effect) => (typeof effect === "object" && "notify" in effect ? [effect.notify] : [])),
    generation: () => store.generation(),
    async connect() {
      const line = new WebSocket(`${(turns.relay() ?? "").replace(/^http/, "ws")}/v1/relay`);
      line.binaryType = "arraybuffer";
      socket = line;
      line.onmessage = (message: MessageEvent<ArrayBuffer>) => void take({ received: [new Uint8Array(message.data)] });
      await new Promise((resolve) => (line.onopen = resolve));
      await take("connected");
    },
    arm: (step, kind) => fate.arm(step, kind),
  };
}

/** Reports `count` times, each with words of its own. The ids of those that were accepted. */
export async function report(device: Device, who: string, count: number): Promise<string[]> {
  const form = { drill: false, size: "few", activities: ["watching"], setting: "street", zone: 0, units: [], when: "now", equipment: [] };
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      device.take({ command: { report: { ...form, size: "2-5", words: `${who} ${index}` } } }),
    ),
  );
  return answers.map((answer) => {
    if (answer && "ok" in answer && typeof answer.ok === "object" && "incident" in answer.ok) return answer.ok.incident;
    throw new Error(JSON.stringify(answer));
  });
}

/** What a test asks of the device in a context, by name: the same of all contexts. */
export class Desk {
  private device: Promise<Device> | undefined;

  constructor(private readonly module: () => string) {}

  /** Asked for again, it is the same. */
  async open(): Promise<void> {
    await (this.device ??= open(this.module()));
  }

  async report(who: string, count: number): Promise<string[]> {
    await this.open();
    return report(await this.there(), who, count);
  }

  async take(input: Input): Promise<Answer | undefined> {
    return (await this.there()).take(input);
  }

  async connect(): Promise<void> {
    await (await this.there()).connect();
  }

  async arm(step: Step, kind: Kind): Promise<void> {
    (await this.there()).arm(step, kind);
  }

  async look(): Promise<void> {
    await (await this.there()).turns.look();
  }

  async seen() {
    const device = await this.there();
    const generation = await device.generation();
    // All of one moment: a notice never without its incident.
    const view = device.view();
    return {
      generation,
      incidents: (view?.incidents ?? []).map(({ id, status }) => ({ id, status })),
      unsent: view?.unsent,
      caughtUp: view?.caught_up,
      stage: view?.stage,
      me: view?.me,
      roles: view?.roles ?? [],
      waiting: (view?.committee?.people ?? []).filter(({ state }) => state === "waiting").length,
      notices: device.notices(),
    };
  }

  /** The device, which `open` has to have been asked for. */
  private there(): Promise<Device> {
    if (!this.device) throw new Error("not open");
    return this.device;
  }
}

/** By name, as it comes in a message. */
export function ask(desk: Desk, name: string, all: unknown[]): Promise<unknown> {
  const methods = desk as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
  const method = methods[name];
  if (!method) throw new Error(`no ${name}`);
  return method.apply(desk, all);
}
