import wasm from "../../src/core/generated/core_bg.wasm?url&no-inline";

import { STEPS, open, report } from "./device";

/** The core's own memory, to do it harm. */
async function memory(): Promise<Uint8Array> {
  const core = await import("../../src/core/generated/core");
  return new Uint8Array((await core.default({ module_or_path: wasm })).memory.buffer);
}

Object.assign(globalThis, { campana: { open: () => open(wasm), report, wasm, steps: STEPS, memory } });
