// A window with the device in it, or with a worker that has it.
import wasm from "../../src/core/generated/core_bg.wasm?url&no-inline";

import { Desk, ask, open, report } from "./device";

const desk = new Desk(() => wasm);
let hired: Worker | undefined;

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The policy's name is the app's: the app itself is not on this page. */
const script = (): string => {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  return policies?.createPolicy("app-url", { createScriptURL: (url) => url }).createScriptURL("/sw.js") ?? "/sw.js";
};

/** The service worker, once it serves. */
async function worker(): Promise<ServiceWorker> {
  const { serviceWorker } = navigator;
  if (!(await serviceWorker.getRegistration())) await serviceWorker.register(script());
  const { active } = await serviceWorker.ready;
  if (!active) throw new Error("no worker");
  return active;
}

async function askOf(to: Worker | ServiceWorker, name: string, all: unknown[]): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<{ value?: unknown; error?: string }>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data as { value?: unknown; error?: string });
  });
  to.postMessage({ module: wasm, asked: { name, with: all } }, [port2]);
  const { value, error } = await answer;
  if (error) throw new Error(error);
  return value;
}

/** Devices that died, wherever they lived: the generation that each had seen confirmed. */
const deaths: number[] = [];
let died: (() => void) | undefined;
new BroadcastChannel("bench").onmessage = ({ data }: MessageEvent<number>) => {
  deaths.push(data);
  died?.();
};

/** The next death that nobody has been told of. */
async function death(): Promise<number> {
  while (deaths.length === 0) await new Promise<void>((resolve) => (died = resolve));
  return deaths.shift() ?? -1;
}

/** The core's own memory, to do it harm. */
async function memory(): Promise<Uint8Array> {
  const core = await import("../../src/core/generated/core");
  return new Uint8Array((await core.default({ module_or_path: wasm })).memory.buffer);
}

Object.assign(globalThis, {
  campana: {
    memory,
    open: () => open(wasm),
    report,
    worker: () => worker().then(() => undefined),
    inWindow: (name: string, ...all: unknown[]) => ask(desk, name, all),
    inWorker: async (name: string, ...all: unknown[]) => askOf(await worker(), name, all),
    inHired: (name: string, ...all: unknown[]) => askOf((hired ??= new Worker(script())), name, all),
    dismiss: () => hired?.terminate(),
    death,
  },
});
