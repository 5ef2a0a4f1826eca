// Stores as earlier versions of the app wrote them, and their relay's: this one opens each, shows
// what is in it, and goes on. `npm run fixture` leaves this version's.
import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";

import { Person, launch, startRelay } from "./stage.mjs";
import { buildBench } from "./turn/bench.mjs";
import { dump, restore } from "./turn/dump.mjs";

const FIXTURES = join(import.meta.dirname, "fixtures");
/** The relay of every fixture. The browser finds it wherever it listens. */
const ORIGIN = "http://valle.localhost";
let app;

before(async () => {
  app = await buildBench();
});
after(() => rm(app, { recursive: true, force: true }));

async function stage(fill) {
  const relay = await startRelay(app, [], fill);
  relay.invitation = relay.invitation.replace(relay.origin, ORIGIN);
  relay.origin = ORIGIN;
  const browser = await launch(`--host-resolver-rules=MAP valle.localhost:80 ${relay.address}`);
  const end = async () => {
    await browser.close();
    await relay.end();
  };
  /** A phone, with a store that was there already or none. */
  const phone = async (name, store) => {
    const person = await Person.of(browser, relay, name);
    const { page } = person;
    const visit = async () => {
      await page.goto(ORIGIN);
      await page.waitForFunction(() => globalThis.campana);
    };
    const ask = (name, ...all) => page.evaluate(([name, all]) => campana.inWindow(name, ...all), [name, all]);
    const reopen = async () => {
      await visit();
      await ask("open");
    };
    await visit();
    if (store) await page.evaluate(restore, store);
    await ask("open");
    const sees = async (holds) => {
      const end = Date.now() + 20_000;
      for (;;) {
        const seen = await ask("seen");
        if (holds(seen)) return seen;
        assert(Date.now() < end, `not in time: ${holds} of ${JSON.stringify(seen)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return { person, page, ask, reopen, sees, command: (command) => ask("take", { command }) };
  };
  return { relay, phone, end };
}

const settled = (seen) => seen.caughtUp && seen.unsent === 0;
const statuses = (seen) => seen.incidents.map(({ status }) => status).sort();

if (process.env.FIXTURE) {
  test("this version leaves its store", async () => {
    const { relay, phone, end } = await stage();
    const [founder, member] = [await phone("founder"), await phone("member")];
    await founder.command({ start: { link: relay.invitation, name: "Valle", committee_size: 1, threshold: 1, verify_threshold: 1 } });
    await founder.ask("connect");
    const { me } = await founder.sees(settled);
    const { ok } = await founder.command({ invite: { lifetime_ms: 3_600_000, committee: false } });
    await founder.sees(settled);
    await member.command({ join: { link: ok.invite.link, handle: "Ana" } });
    await member.ask("connect");
    await founder.sees((seen) => seen.waiting === 1);
    await founder.command({ admit: "everybody" });
    await founder.command({ grant: { person: me, role: "verifier" } });
    await founder.sees((seen) => seen.roles.includes("verifier") && settled(seen));
    await member.sees((seen) => seen.stage === "member" && settled(seen));
    const [alert] = await member.ask("report", "alert", 1);
    await founder.sees((seen) => seen.incidents.length === 1);
    await founder.command({ attest: { incident: alert, finding: "confirmed", method: "in-person" } });
    await member.sees((seen) => statuses(seen).includes("verified"));
    await member.ask("report", "report", 1);
    await founder.sees((seen) => seen.incidents.length === 2 && settled(seen));
    await member.sees(settled);
    // Not connected any more.
    await member.reopen();
    await member.ask("report", "waits", 1);
    await founder.reopen();
    const devices = { founder: await founder.page.evaluate(dump), member: await member.page.evaluate(dump) };
    await relay.stop();
    const files = (await readdir(relay.directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const kept = {};
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      kept[path.slice(relay.directory.length + 1)] = brotliCompressSync(await readFile(path)).toString("base64");
    }
    await relay.start(relay.address);
    await end();
    await mkdir(FIXTURES, { recursive: true });
    await writeFile(join(FIXTURES, "new.json"), `${JSON.stringify({ devices, relay: kept })}\n`);
  });
} else {
  const fixtures = await readdir(FIXTURES);
  assert(fixtures.length > 0);
  for (const name of fixtures) test(`a store is opened and goes on: ${name}`, () => goesOn(name));
}

async function goesOn(name) {
  const { devices, relay } = JSON.parse(await readFile(join(FIXTURES, name), "utf8"));
  const { phone, end } = await stage(async (directory) => {
    for (const [file, content] of Object.entries(relay)) {
      await mkdir(dirname(join(directory, file)), { recursive: true, mode: 0o700 });
      await writeFile(join(directory, file), brotliDecompressSync(Buffer.from(content, "base64")), { mode: 0o600 });
    }
  });
  const [founder, member] = [await phone("founder", devices.founder), await phone("member", devices.member)];
  // What was there is there, before anything comes from the relay.
  const there = await founder.ask("seen");
  assert.deepEqual([there.stage, statuses(there), there.roles], ["member", ["unverified", "verified"], ["committee", "verifier"]]);
  const waiting = await member.ask("seen");
  assert.deepEqual([waiting.stage, waiting.unsent, statuses(waiting)], ["member", 1, ["sent", "verified", "waiting-to-send"]]);

  // What was owed is sent, and everything goes on.
  const { id } = waiting.incidents.find(({ status }) => status === "waiting-to-send");
  await member.ask("connect");
  await founder.ask("connect");
  await founder.sees((seen) => seen.incidents.some((incident) => incident.id === id));
  await founder.command({ attest: { incident: id, finding: "confirmed", method: "in-person" } });
  await member.sees((seen) => settled(seen) && statuses(seen).filter((status) => status === "verified").length === 2);
  await member.reopen();
  assert.deepEqual(statuses(await member.ask("seen")), ["sent", "verified", "verified"]);
  for (const { person } of [founder, member]) person.assertQuiet();
  await end();
}
