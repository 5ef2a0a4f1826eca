// Runs every scenario of a module that wasm-bindgen has not processed: it may import the clock and
// the randomness, which are given here by hand, and nothing else. Each scenario has an instance of
// its own, so one that traps takes no other with it.
import { readFileSync } from "node:fs";

const [path, only = ""] = process.argv.slice(2);
if (!path) throw new Error("which module? node run.mjs <path to .wasm> [part of a name]");
const module = new WebAssembly.Module(readFileSync(path));

// What wasm-bindgen's own tool would resolve and take out.
const glue = /^(__wbg___wbindgen_throw_|__wbindgen_)/;

function binding(from, name, memory) {
  if (from.startsWith("__wbindgen_")) {
    if (/^__wbg_date_now_/.test(name)) return () => Date.now();
    if (/^__wbg_getRandomValues_/.test(name))
      return (at, length) => void crypto.getRandomValues(new Uint8Array(memory().buffer, at, length));
    if (glue.test(name))
      return () => {
        throw new Error(`not expected to be called: ${name}`);
      };
  }
  throw new Error(`the module imports more than the clock and the randomness: ${from} ${name}`);
}

function instantiate() {
  const imports = {};
  let memory;
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    (imports[from] ??= {})[name] = binding(from, name, () => memory);
  const { exports } = new WebAssembly.Instance(module, imports);
  memory = exports.memory;
  return exports;
}

function text({ memory, text, text_length }) {
  const at = text();
  return new TextDecoder().decode(new Uint8Array(memory.buffer, at, text_length()));
}

let [passed, failed] = [0, 0];
const count = instantiate().count();
for (let number = 0; number < count; number++) {
  const instance = instantiate();
  instance.name(number);
  const name = text(instance);
  if (!name.includes(only)) continue;
  const start = performance.now();
  let why;
  try {
    instance.run(number);
  } catch (trap) {
    why = `${text(instance)}\n${trap}`;
  }
  const result = why === undefined ? "ok" : "FAILED";
  console.log(`${name} ... ${result} (${(performance.now() - start).toFixed(0)} ms)`);
  if (why === undefined) passed++;
  else {
    failed++;
    console.log(why);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
