// Waits for a browser end, and what stands in for Web Locks keeps turns apart.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import ts from "typescript";

const load = (file) => {
  const source = readFileSync(join(import.meta.dirname, "../src/core", file), "utf8");
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } });
  return import(`data:text/javascript,${encodeURIComponent(outputText)}`);
};
const { Late, within } = await load("within.ts");
Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
const { after, request } = await load("locks.ts");

const never = () => new Promise(() => undefined);

test("an answer that never comes is late, one that comes is given", async () => {
  await assert.rejects(within(5, never()), Late);
  assert.equal(await within(1_000, Promise.resolve(7)), 7);
  await assert.rejects(within(1_000, Promise.reject(new TypeError("no"))), TypeError);
});

test("without Web Locks turns follow each other, and who can't wait is told", async () => {
  const steps = [];
  let leave;
  const first = request("turn", {}, () => new Promise((resolve) => (leave = resolve)).then(() => steps.push("first")));
  const second = request("turn", {}, () => steps.push("second"));
  assert.equal(await request("turn", { ifAvailable: true }, (lock) => lock), null);
  await request("turn", { steal: true }, () => steps.push("stolen"));
  leave();
  await Promise.all([first, second]);
  assert.deepEqual(steps, ["stolen", "first", "second"]);
  assert.notEqual(await request("turn", { ifAvailable: true }, (lock) => lock), null, "free again");
  void request("busy", {}, never);
  await assert.rejects(within(200, request("busy", { signal: after(5) }, never)), "a queue that does not move ends");
});
