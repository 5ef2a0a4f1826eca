// A device without screens, for the tests of the turn: in a window and in a service worker.
import type { Effect, View } from "../../src/core/generated/core";
import { loadCore } from "../../src/core/load";
import { Store } from "../../src/core/store";
import { Turns } from "../../src/core/turns";

export interface Device {
  turns: Turns;
  view(): View | undefined;
  effects: Effect[];
  generation(): Promise<number>;
}

export async function open(module: string): Promise<Device> {
  const [{ Session }, store] = await Promise.all([loadCore(() => import("../../src/core/generated/core"), () => fetch(module)), Store.open()]);
  let view: View | undefined;
  const effects: Effect[] = [];
  const turns = new Turns(store, Session, {
    effects: (more) => effects.push(...more),
    changed: (next) => (view = next),
    wake: () => undefined,
    saving: () => undefined,
    dropped: () => undefined,
  });
  await turns.look();
  return { turns, effects, view: () => view, generation: () => store.generation() };
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
