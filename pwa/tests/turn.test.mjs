// The turn over a real IndexedDB: whatever races, dies or fills up, nothing acknowledged is lost
// and nothing happens twice.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "vite";

import { Person, launch, startRelay } from "./stage.mjs";

const folder = join(import.meta.dirname, "turn");
let relay, bench, browser, app;

/** A page with the turn and no screens, beside a worker with the same. */
async function buildBench() {
  const dist = await mkdtemp(join(tmpdir(), "campana-bench-"));
  const shared = { configFile: false, root: folder, logLevel: "error", publicDir: false };
  const output = (name, format) => ({ format, entryFileNames: name, ...(format === "iife" ? { codeSplitting: false } : {}) });
  await build({ ...shared, build: { outDir: dist, emptyOutDir: false, assetsInlineLimit: 0, target: "es2022", rolldownOptions: { input: join(folder, "window.ts"), output: output("window.js", "es") } } });
  await build({ ...shared, build: { outDir: dist, emptyOutDir: false, assetsInlineLimit: 0, target: "es2022", rolldownOptions: { input: join(folder, "worker.ts"), output: output("sw.js", "iife") } } });
  await build({ ...shared, build: { outDir: dist, emptyOutDir: false, assetsInlineLimit: 0, target: "es2022", rolldownOptions: { input: join(folder, "mortal.ts"), output: output("mortal.js", "iife") } } });
  await writeFile(join(dist, "index.html"), '<!doctype html><meta charset="utf-8"><title>Turn</title><link rel="icon" href="data:,"><script type="module" src="/window.js"></script>');
  await mkdir(join(dist, "assets"), { recursive: true });
  return dist;
}

before(async () => {
  app = await buildBench();
  bench = await startRelay(app);
  relay = await startRelay();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await bench?.end();
  await relay?.end();
  await rm(app, { recursive: true, force: true });
});

/** A window of a device that has founded a network of its own, without ever having been online. */
async function founded({ room } = {}) {
  const person = await Person.of(browser, bench, "device");
  person.allow = async (bytes) => {
    await person.page.goto(bench.origin);
    const session = await person.context.newCDPSession(person.page);
    // The browser remembers for half a minute how much room there was: set it before anything else.
    await session.send("Storage.overrideQuotaForOrigin", { origin: bench.origin, ...(bytes ? { quotaSize: bytes } : {}) });
  };
  if (room) await person.allow(room);
  person.openBench = async () => {
    const page = await person.newPage();
    await page.goto(bench.origin);
    await page.waitForFunction(() => globalThis.campana);
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

const stored = async (person) => {
  const page = await person.openBench();
  const found = await page.evaluate(() => device.view().incidents.map((incident) => incident.id));
  await page.close();
  return found;
};

test("two windows and the worker race 1,000 inputs", async () => {
  const { person, page } = await founded();
  const other = await person.openBench();
  await page.evaluate(async () => {
    // The policy object is the test's own: the app's is not on this page.
    const policy = trustedTypes.createPolicy("app-url", { createScriptURL: (url) => url });
    await navigator.serviceWorker.register(policy.createScriptURL("/sw.js"));
    await navigator.serviceWorker.ready;
  });
  const inWorker = page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const ids = [];
    for (let round = 0; round < 10; round += 1) {
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => (port1.onmessage = (event) => resolve(event.data)));
      active.postMessage({ module: campana.wasm, who: `worker ${round}`, count: 33 }, [port2]);
      ids.push(...(await answer));
    }
    return ids;
  });
  const inWindow = (window, who) =>
    window.evaluate(async (who) => {
      const ids = [];
      for (let round = 0; round < 10; round += 1) ids.push(...(await campana.report(device, `${who} ${round}`, round < 5 ? 34 : 33)));
      return ids;
    }, who);
  const ids = (await Promise.all([inWorker, inWindow(page, "one"), inWindow(other, "two")])).flat();
  assert.equal(ids.length, 1_000);
  assert.equal(new Set(ids).size, 1_000, "no input was taken twice");
  assert.deepEqual((await stored(person)).sort(), ids.sort(), "and none was lost");
  person.assertQuiet();
});

test("a window that dies at any moment of a turn loses nothing acknowledged", async () => {
  const { person } = await founded();
  const acknowledged = [];
  for (let round = 0; round < 40; round += 1) {
    const page = await person.openBench();
    await page.exposeFunction("acknowledged", (ids) => acknowledged.push(...ids));
    const dying = page
      .evaluate(async (round) => {
        for (let turn = 0; turn < 1_000; turn += 1) await acknowledged(await campana.report(device, `${round} ${turn}`, 1));
      }, round)
      .catch(() => undefined);
    await page.waitForTimeout(3 + round * 2);
    // Navigating away kills the page in the middle of whatever it does.
    await page.goto("about:blank");
    await dying;
    await page.close();
  }
  const found = new Set(await stored(person));
  assert(acknowledged.length > 40, `${acknowledged.length} were acknowledged`);
  assert.deepEqual(acknowledged.filter((id) => !found.has(id)), []);
});

test("a worker that is terminated at any step of a turn loses nothing acknowledged", async () => {
  const { person, page } = await founded();
  const steps = await page.evaluate(() => campana.steps);
  for (const step of steps) {
    const before = (await stored(person)).length;
    const reached = await page.evaluate(
      (step) =>
        new Promise((resolve) => {
          const policy = (globalThis.policy ??= trustedTypes.createPolicy("app-url", { createScriptURL: (url) => url }));
          const worker = new Worker(policy.createScriptURL("/mortal.js"));
          worker.onmessage = ({ data }) => {
            worker.terminate();
            resolve(data);
          };
          worker.postMessage({ module: campana.wasm, step });
        }),
      step,
    );
    assert.equal(reached, step, "it was stopped there, and had acknowledged nothing");
    // The lock is free and the next turn is taken as if nothing had been.
    const ids = await page.evaluate((step) => campana.report(device, `after ${step}`, 1), step);
    const found = await stored(person);
    assert(found.includes(ids[0]), step);
    const died = found.length - before - 1;
    assert.equal(died, ["written", "effects"].includes(step) ? 1 : 0, `${step}: all of a turn or nothing`);
    assert.equal(new Set(found).size, found.length);
  }
  // What was durable is owed, though its effects never were carried out.
  const unsent = await page.evaluate(() => device.turns.look().then(() => device.view().unsent));
  assert((await stored(person)).length <= unsent, "every report waits to be sent");
  person.assertQuiet();
});

test("a core that faulted is begun anew, in fresh memory", async () => {
  const { person, page } = await founded();
  await page.evaluate(() => campana.report(device, "before", 3));
  const failed = await page.evaluate(async () => {
    (await campana.memory()).fill(0xff);
    return device.turns.take("tick").then(() => "no fault", () => "fault");
  });
  assert.equal(failed, "fault");
  const ids = await page.evaluate(() => campana.report(device, "after", 3));
  assert.equal(ids.length, 3);
  assert.equal((await stored(person)).length, 6);
  person.assertQuiet();
});

test("a lock that is taken away does no harm", async () => {
  const { person, page } = await founded();
  const thief = await person.openBench();
  const stealing = thief.evaluate(async () => {
    for (let round = 0; round < 60; round += 1) {
      await navigator.locks.request("campana-turn", { steal: true }, () => new Promise((resolve) => setTimeout(resolve, 4)));
      await campana.report(device, `thief ${round}`, 1);
    }
  });
  const ids = await page.evaluate(async () => {
    const ids = [];
    for (let round = 0; round < 60; round += 1) ids.push(...(await campana.report(device, `honest ${round}`, 2)));
    return ids;
  });
  await stealing;
  const found = await stored(person);
  assert.equal(found.length, 180);
  assert.equal(new Set(found).size, 180);
  assert.deepEqual(ids.filter((id) => !found.includes(id)), []);
  person.assertQuiet();
});

test("a full phone refuses in words, and goes on when there is room", async () => {
  const { person, page } = await founded({ room: 400_000 });
  const { refused, accepted } = await page.evaluate(async () => {
    const accepted = [];
    for (let round = 0; round < 1_000; round += 1) {
      try {
        accepted.push(...(await campana.report(device, "x".repeat(200), 1)));
      } catch (error) {
        return { refused: error.name, accepted };
      }
    }
    return { refused: "nothing", accepted };
  });
  assert.equal(refused, "QuotaExceededError");
  await person.allow();
  const [id] = await page.evaluate(() => campana.report(device, "after", 1));
  assert.deepEqual((await stored(person)).sort(), [...accepted, id].sort(), "nothing of the refused one stayed");
});

/** The app itself, with a network, to be opened again after something happened to its store. */
async function withApp() {
  const person = await Person.of(browser, relay, "phone");
  await person.open(relay.invitation);
  await person.title("Start a network");
  return person;
}

test("a store that the browser has cleared is said so, with a way out", async () => {
  const person = await withApp();
  await person.page.waitForFunction(() => localStorage.getItem("campana-store") === "1");
  const session = await person.context.newCDPSession(person.page);
  await person.page.goto("about:blank");
  await session.send("Storage.clearDataForOrigin", { origin: relay.origin, storageTypes: "indexeddb" });
  await person.page.goto(relay.origin);
  await person.sees("The browser has deleted what this app had stored here");
  await person.tap("Begin anew on this device");
  await person.sees("I have an invite");
  person.assertQuiet();
});

test("a store of a newer version is left alone", async () => {
  const person = await withApp();
  await person.page.goto(relay.origin);
  await person.sees("I have an invite");
  await person.page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("campana", 99);
        request.onsuccess = () => resolve(request.result.close());
        request.onerror = () => reject(request.error);
      }),
  );
  await person.page.reload();
  await person.sees("A newer version of this app has been used here");
  person.assertQuiet();
});

test("without a network the app still opens, and what is reported waits", async () => {
  const person = await withApp();
  await person.page.getByLabel("Name of the network").fill("Valle");
  await person.page.getByText("One device", { exact: true }).click();
  await person.page.getByRole("button", { name: "Start", exact: true }).click();
  await person.title("Valle");
  await person.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  person.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED/);
  await person.context.setOffline(true);
  await person.page.reload();
  await person.title("Valle");
  await person.page.getByRole("button", { name: "Report" }).click();
  await person.tap("Detaining people");
  await person.tap("Workplace");
  await person.hold(/Send/);
  await person.title("Saved. It is sent as soon as there is a connection.");
  await person.tap("Home");
  await person.sees("Waiting to be sent");
  await person.context.setOffline(false);
  // The founder's own device has the desk too: there it has arrived.
  await person.sees("Not verified");
  person.assertQuiet();
});
