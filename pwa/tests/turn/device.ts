// A device without screens, for the tests of the turn: in a window and in a service worker.
import type { Effect, View } from "../../src/core/generated/core";
import { loadCore, resetCore } from "../../src/core/load";
import { Store } from "../../src/core/store";
import { Turns } from "../../src/core/turns";

/** The steps of a turn at which a device can be stopped for good. */
export const STEPS = ["locked", "decided", "writing", "written", "effects"] as const;
export type Step = (typeof STEPS)[number];

export interface Device {
  /** Its next turn stops there. */
  stopAt(step: Step): void;
  turns: Turns;
  view(): View | undefined;
  effects: Effect[];
  generation(): Promise<number>;
}

/** `reached`: told when a device stops. */
export async function open(module: string, reached: (step: Step) => void = () => undefined): Promise<Device> {
  const [{ Session }, store] = await Promise.all([loadCore(() => import("../../src/core/generated/core"), () => fetch(module)), Store.open()]);
  let view: View | undefined;
  let stop: Step | undefined;
  /** Whatever is awaited here never comes. */
  const at = (step: Step) => (stop === step ? (reached(step), new Promise<never>(() => undefined)) : undefined);
  const { generation, commit } = store;
  store.generation = async () => {
    await at("locked");
    return generation.call(store);
  };
  store.commit = async (expected, changes) => {
    await at("decided");
    if (stop === "writing") holdInTheMiddle(() => reached("writing"));
    const written = await commit.call(store, expected, changes);
    await at("written");
    return written;
  };
  const effects: Effect[] = [];
  const turns = new Turns(store, Session, {
    effects(more) {
      // Nothing awaits effects: the thread itself stops.
      if (stop === "effects") forever(() => reached("effects"));
      effects.push(...more);
    },
    changed: (next) => (view = next),
    wake: () => undefined,
    saving: () => undefined,
    dropped: resetCore,
  });
  await turns.look();
  return { stopAt: (step) => (stop = step), turns, effects, view: () => view, generation: () => store.generation() };
}

/** Reports `count` times, each with words of its own. The ids of those that were accepted. */
export async function report(device: Device, who: string, count: number): Promise<string[]> {
  const form = { drill: false, size: "few", activities: ["watching"], setting: "street", zone: 0, units: [], when: "now", equipment: [] };
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      device.turns.take({ command: { report: { ...form, size: "2-5", words: `${who} ${index}` } } }),
    ),
  );
  return answers.map((answer) => {
    if (answer && "ok" in answer && typeof answer.ok === "object" && "incident" in answer.ok) return answer.ok.incident;
    throw new Error(JSON.stringify(answer));
  });
}

/** Stops the thread at the first row of the next transaction: its requests are made, and not done. */
function holdInTheMiddle(reached: () => void): void {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...row) {
    put.apply(this, row);
    return forever(reached);
  };
}

function forever(reached: () => void): never {
  reached();
  for (;;);
}
