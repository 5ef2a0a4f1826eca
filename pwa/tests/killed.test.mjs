// Death at each named step of a turn, in a window, a worker and the service worker: what was said to
// be done is there once, what was not is not there at all, and what is owed comes out again.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { launch, native, startRelay } from "./stage.mjs";
import { buildBench, founder } from "./turn/bench.mjs";

const STEPS = ["before the lock", "rows read", "turn taken", "rows written", "committed", "amid effects", "others untold"];
/** From this step on, the turn has happened. */
const DURABLE = STEPS.indexOf("committed");
/** Whoever waits for the lock for so long takes it by force: it must be free long before. */
const FORCE = 10_000;
let browser, app;

before(async () => {
  app = await buildBench();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await rm(app, { recursive: true, force: true });
});

/** A window of its own, that closes or goes elsewhere. */
function inWindow(end) {
  return async (person) => {
    const page = await person.openPage();
    return {
      ask: (name, ...all) => page.evaluate(([name, all]) => campana.inWindow(name, ...all), [name, all]),
      async kill() {
        await end(page);
        if (!page.isClosed()) await page.close();
      },
    };
  };
}

async function inHired(person) {
  const page = await person.openPage();
  return {
    ask: (name, ...all) => page.evaluate(([name, all]) => campana.inHired(name, ...all), [name, all]),
    // The window lives on.
    kill: () => page.evaluate(() => campana.dismiss()),
  };
}

async function inWorker(person) {
  const page = await person.openPage();
  const devtools = await person.context.newCDPSession(page);
  const versions = new Map();
  let heard = () => undefined;
  devtools.on("ServiceWorker.workerVersionUpdated", (event) => {
    for (const version of event.versions) versions.set(version.versionId, version.runningStatus);
    heard();
  });
  await devtools.send("ServiceWorker.enable");
  await page.evaluate(() => campana.worker());
  return {
    ask: (name, ...all) => page.evaluate(([name, all]) => campana.inWorker(name, ...all), [name, all]),
    async kill() {
      const [versionId] = [...versions].find(([, status]) => status === "running") ?? [];
      assert(versionId, "the worker runs");
      const stopped = new Promise((resolve) => (heard = () => versions.get(versionId) === "stopped" && resolve()));
      await devtools.send("ServiceWorker.stopWorker", { versionId });
      await stopped;
      await page.close();
    },
  };
}

/** Asks again until `holds` is true of the answer. */
async function eventually(ask, holds) {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    assert(Date.now() < end, `not in time: ${holds} of ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ids = ({ incidents }) => incidents.map(({ id }) => id).sort();
const statusOf = (seen, id) => seen.incidents.find((incident) => incident.id === id)?.status;

function killed(where, open) {
  test(`killed at each step of a turn: ${where}`, { timeout: 120_000 }, async (t) => {
    const relay = await startRelay(app);
    const { person, page: witness } = await founder(browser, relay);
    // It stays, is told nothing, and sees what the others have left.
    await witness.evaluate(() => campana.inWindow("open"));
    const look = () => witness.evaluate(async () => (await campana.inWindow("look"), campana.inWindow("seen")));
    const connected = async () => {
      const context = await open(person);
      await context.ask("open");
      await context.ask("connect");
      await eventually(() => context.ask("seen"), (seen) => seen.caughtUp && seen.unsent === 0);
      return context;
    };
    /** Takes a turn that is the context's last. What the next one finds. */
    const dies = async (step, kind, act) => {
      const context = await connected();
      const before = await context.ask("seen");
      await context.ask("arm", step, kind);
      const death = witness.evaluate(() => campana.death());
      // A device that dies answers nobody.
      const acting = act(context).catch(() => undefined);
      const confirmed = await death;
      await context.kill();
      const asked = Date.now();
      const found = await look();
      if (kind === "received") await acting;
      assert(Date.now() - asked < FORCE / 2, "the lock is free");
      assert.equal(found.generation, confirmed, `${kind}, ${step}: no other generation than the one that was confirmed`);
      return { before, found };
    };
    // Its owner verifies what somebody else reports: each report is a notice.
    const first = await connected();
    const { me } = await first.ask("seen");
    const invited = await first.ask("take", { command: { invite: { lifetime_ms: 3_600_000, committee: false } } });
    await eventually(() => first.ask("seen"), (seen) => seen.unsent === 0);
    const other = native(relay, "other");
    await other("join", "--handle", "Vera", invited.ok.invite.link).catch((error) => assert.equal(error.code, 3, "she waits"));
    await eventually(() => first.ask("seen"), (seen) => seen.waiting === 1);
    await first.ask("take", { command: { admit: "everybody" } });
    await eventually(() => other("status"), ({ view }) => view.stage === "member");
    await first.ask("take", { command: { grant: { person: me, role: "verifier" } } });
    await eventually(() => first.ask("seen"), (seen) => seen.roles.includes("verifier") && seen.unsent === 0);
    await first.kill();
    const expected = new Set();
    for (const [at, step] of STEPS.entries()) {
      await t.test(step, async () => {
        // A command dies: it is done or it is not.
        const { before, found } = await dies(step, "command", (context) => context.ask("report", step, 1));
        const more = ids(found).filter((id) => !expected.has(id));
        assert.deepEqual(ids(before), [...expected].sort());
        assert.equal(more.length, at >= DURABLE ? 1 : 0);
        let context = await connected();
        const [id] = more.length > 0 ? more : await context.ask("report", `${step}, again`, 1);
        expected.add(id);
        // What it owed goes out again, and arrives once.
        const sent = await eventually(() => context.ask("seen"), (seen) => seen.unsent === 0 && statusOf(seen, id) === "unverified");
        assert.deepEqual(ids(sent), [...expected].sort());
        await context.kill();

        // What comes from the relay dies, and with it a notice.
        await dies(step, "received", () => other("report", "--activity", "detaining"));
        context = await connected();
        const rung = await eventually(() => context.ask("seen"), (seen) => seen.notices.length > 0);
        assert.equal(rung.notices.length, 1, "it is owed, once");
        expected.add(rung.notices[0].incident);
        assert.deepEqual(ids(rung), [...expected].sort());
        await context.kill();

        // That it was shown dies.
        await dies(step, "shown", (context) => context.ask("take", { shown: rung.notices[0] }));
        context = await connected();
        const after = await context.ask("seen");
        assert.deepEqual(after.notices, at >= DURABLE ? [] : rung.notices);
        await context.ask("take", { shown: rung.notices[0] });
        await context.kill();
        assert.deepEqual(ids(await look()), [...expected].sort());
      });
    }
    person.assertQuiet();
    await person.context.close();
    await relay.end();
  });
}

killed("a window that closes", inWindow((page) => page.close()));
killed("a window that goes elsewhere", inWindow((page) => page.goto("about:blank")));
killed("a worker", inHired);
killed("the service worker", inWorker);
