// Waits for a browser end, and what stands in for Web Locks keeps turns apart.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import ts from "typescript";

/** A script's text as an address to import it from; `./within` is the only one of ours that these import. */
const address = (file) => {
  const source = readFileSync(join(import.meta.dirname, "../src/core", file), "utf8");
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } });
  const text = outputText.replace('"./within"', () => JSON.stringify(address("within.ts")));
  return `data:text/javascript,${encodeURIComponent(text)}`;
};
const load = (file) => import(address(file));
const { Late, within } = await load("within.ts");
const { registered } = await load("registration.ts");
const { shared } = await load("share.ts");
const { ending } = await load("ending.ts");
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

test("a worker that a browser does not start has an end, and one that is there is used", async () => {
  const patience = { service: 5, state: 5 };
  const there = { scope: "/" };
  for (const register of [never, () => Promise.reject(new TypeError("no"))]) {
    assert.equal(await registered({ register, getRegistration: () => Promise.resolve(there) }, "/sw.js", patience), there);
    for (const getRegistration of [never, () => Promise.reject(new TypeError("no")), () => Promise.resolve(undefined)]) {
      assert.equal(await registered({ register, getRegistration }, "/sw.js", patience), undefined);
    }
  }
  assert.equal(await registered({ register: () => Promise.resolve(there), getRegistration: never }, "/sw.js", patience), there);
});

test("whether a link was shared is not known until the phone says so", async () => {
  const ended = (share) => shared({ share }, "https://relay.example/", 5);
  assert.equal(await ended(() => Promise.resolve()), true);
  assert.equal(await ended(() => Promise.reject(new DOMException("closed", "AbortError"))), true, "its owner closed it");
  assert.equal(await ended(() => Promise.reject(new DOMException("no", "NotAllowedError"))), false);
  assert.equal(await ended(never), false);
  assert.equal(await ended(() => { throw new TypeError("no such thing"); }), false);
});

test("a write that does not end is given up and undone", async () => {
  let aborted = 0;
  const transaction = (done) => ({ done, abort: () => (aborted += 1) });
  assert.equal(await ending(transaction(Promise.resolve()), async () => 7, 1_000), 7);
  assert.equal(aborted, 0);
  await assert.rejects(ending(transaction(Promise.resolve()), never, 5), Late);
  await assert.rejects(ending(transaction(never()), async () => 7, 5), Late, "durable or not at all");
  await assert.rejects(ending(transaction(Promise.reject(new TypeError("full"))), async () => 7, 1_000), TypeError);
  await assert.rejects(ending(transaction(never()), async () => { throw new RangeError("no"); }, 1_000), RangeError);
  assert.equal(aborted, 4);
});
