import wasm from "../../src/core/generated/core_bg.wasm?url&no-inline";

import { open, report } from "./device";

Object.assign(globalThis, { campana: { open: () => open(wasm), report, wasm } });
