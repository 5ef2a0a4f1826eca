// Runs the scenario of a module that wasm-bindgen has not processed: of all it would bind, the core
// uses only the clock and the randomness, which are given here by hand.
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
let memory;

function binding(name) {
  if (name.includes("date_now")) return () => Date.now();
  if (name.includes("getRandomValues"))
    return (at, length) => void crypto.getRandomValues(new Uint8Array(memory.buffer, at, length));
  return () => {
    throw new Error(`not expected to be called: ${name}`);
  };
}

const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module))
  (imports[from] ??= {})[name] = binding(name);

const { exports } = new WebAssembly.Instance(module, imports);
memory = exports.memory;
const start = performance.now();
const epoch = exports.scenario();
if (epoch !== 2) throw new Error(`ended in epoch ${epoch}`);
console.log(`ok, ${(performance.now() - start).toFixed(0)} ms`);
