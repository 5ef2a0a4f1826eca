// A page with the turn and no screens, beside a worker with the same.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "vite";

import { Person } from "../stage.mjs";

/** Builds it. Its folder is the caller's to remove. */
export async function buildBench() {
  const root = import.meta.dirname;
  const dist = await mkdtemp(join(tmpdir(), "campana-bench-"));
  const shared = { configFile: false, root, logLevel: "error", publicDir: false };
  const output = (name, format) => ({ format, entryFileNames: name, ...(format === "iife" ? { codeSplitting: false } : {}) });
  await build({ ...shared, build: { outDir: dist, emptyOutDir: false, assetsInlineLimit: 0, target: "es2022", rolldownOptions: { input: join(root, "window.ts"), output: output("window.js", "es") } } });
  await build({ ...shared, build: { outDir: dist, emptyOutDir: false, assetsInlineLimit: 0, target: "es2022", rolldownOptions: { input: join(root, "worker.ts"), output: output("sw.js", "iife") } } });
  await writeFile(join(dist, "index.html"), '<!doctype html><meta charset="utf-8"><title>Turn</title><link rel="icon" href="data:,"><script type="module" src="/window.js"></script>');
  await mkdir(join(dist, "assets"), { recursive: true });
  return dist;
}

/** A window of a device that has founded a network of its own, without ever having been online. */
export async function founder(browser, bench, { room } = {}) {
  const person = await Person.of(browser, bench, "device");
  person.allow = async (bytes) => {
    await person.page.goto(bench.origin);
    const session = await person.context.newCDPSession(person.page);
    // The browser remembers for half a minute how much room there was: set it before anything else.
    await session.send("Storage.overrideQuotaForOrigin", { origin: bench.origin, ...(bytes ? { quotaSize: bytes } : {}) });
  };
  if (room) await person.allow(room);
  /** A window with nothing open yet. */
  person.openPage = async () => {
    const page = await person.newPage();
    await page.goto(bench.origin);
    await page.waitForFunction(() => globalThis.campana);
    return page;
  };
  person.openBench = async () => {
    const page = await person.openPage();
    await page.evaluate(async () => (globalThis.device = await campana.open()));
    return page;
  };
  const page = await person.openBench();
  const answer = await page.evaluate(
    (link) => device.turns.take({ command: { start: { link, name: "Valle", committee_size: 1, threshold: 1, verify_threshold: 1 } } }),
    bench.invitation,
  );
  assert.deepEqual(answer, { ok: "accepted" });
  return { person, page };
}
