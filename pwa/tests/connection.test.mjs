// The connection when things go wrong: a dead relay, a lost write, a stolen lock, a frozen window,
// another network. A device that says it is online must hear and be heard.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "vite";

import { Person, launch, native, startRelay } from "./stage.mjs";

const REPORT = { drill: false, size: "2-5", activities: ["watching"], setting: "street", zone: 0, units: [], when: "now", equipment: [], words: "" };
const INVITE = { invite: { lifetime_ms: 3_600_000, committee: false } };
let browser, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "campana-window-"));
  await build({
    configFile: false,
    root: join(import.meta.dirname, "window"),
    logLevel: "error",
    publicDir: false,
    // No service worker: the connection is what is tried here.
    define: { "import.meta.env.PROD": "false" },
    build: {
      outDir: folder,
      emptyOutDir: false,
      assetsInlineLimit: 0,
      target: "es2022",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(import.meta.dirname, "window/window.ts"), output: { entryFileNames: "window.js" } },
    },
  });
  await writeFile(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><title>Connection</title><link rel="icon" href="data:,"><script type="module" src="/window.js"></script>',
  );
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Asks again until `holds` is true of the answer. (The policy lets no page do this itself.) */
async function eventually(ask, holds, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    assert(Date.now() < end, `not in time: ${holds} of ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const command = (page, value) => page.evaluate((value) => campana.client.command(value), value);
const view = (page) => page.evaluate(() => campana.view());
const sees = (page, holds, patience) => eventually(() => view(page), (view) => view && holds(view), patience);

/** A founder's phone, connected, and a test on it. */
function onPhone(name, body) {
  test(name, async () => {
    const relay = await startRelay(folder);
    const person = await Person.of(browser, relay, "phone");
    const open = async (page) => {
      await page.goto(relay.origin);
      await eventually(() => page.evaluate(() => globalThis.campana?.view()), Boolean);
      return page;
    };
    const page = await open(person.page);
    const start = { link: relay.invitation, name: "Valle", committee_size: 1, threshold: 1, verify_threshold: 1 };
    assert.deepEqual(await command(page, { start }), { ok: "accepted" });
    await sees(page, (view) => view.stage === "member" && view.unsent === 0 && view.caught_up);
    await body({ relay, person, page, another: async () => open(await person.newPage()) });
    person.assertQuiet();
    await person.context.close();
    await relay.end();
  });
}

onPhone("a dead relay is tried again with pauses", async ({ relay, person, page }) => {
  person.expected.push(/WebSocket connection/);
  let attempts = 0;
  page.on("websocket", () => (attempts += 1));
  await relay.stop();
  await page.waitForTimeout(6_000);
  assert(attempts >= 1 && attempts <= 8, `${attempts} attempts`);
  await relay.start(relay.address);
  await eventually(() => page.evaluate(() => campana.link()), (link) => link === "online");
});

onPhone("after a write that failed, the device is heard again", async ({ page }) => {
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (...values) {
      IDBObjectStore.prototype.put = put;
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  assert.deepEqual(await command(page, { report: REPORT }), { error: "storage-full" });
  await command(page, { report: REPORT });
  const seen = await sees(page, (view) => view.unsent === 0 && view.incidents.length > 0);
  assert.equal(seen.incidents.length, 1);
});

onPhone("a connected window that is overtaken is heard again", async ({ page, another }) => {
  const other = await another();
  const stealing = other.evaluate(async (INVITE) => {
    for (let round = 0; round < 40; round += 1) {
      await navigator.locks.request("campana-turn", { steal: true }, () => new Promise((resolve) => setTimeout(resolve, 2)));
      await campana.client.command(INVITE);
    }
  }, INVITE);
  await page.evaluate(async (INVITE) => {
    for (let round = 0; round < 40; round += 1) await campana.client.command(INVITE);
  }, INVITE);
  await stealing;
  const seen = await sees(page, (view) => view.unsent === 0, 60_000);
  assert.equal(seen.committee.invites.length, 80);
});

onPhone("a second window shows what the connected one knows", async ({ page, another }) => {
  const other = await another();
  await eventually(() => other.evaluate(() => [campana.link(), campana.view().caught_up]), ([link, all]) => link === "online" && all);
  const { ok } = await command(other, { report: REPORT });
  for (const window of [page, other]) {
    await sees(window, (view) => view.unsent === 0 && view.incidents.some(({ id }) => id === ok.incident));
  }
});

const turnTo = (page, state) =>
  page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

/** Somebody whose reports this phone is to verify, and so has a notice of each. */
async function withReporter(relay, page) {
  const { ok } = await command(page, INVITE);
  await sees(page, (view) => view.unsent === 0);
  const reporter = native(relay, "reporter");
  await reporter("join", "--handle", "Vera", ok.invite.link).catch((error) => assert.equal(error.code, 3, error.message));
  await sees(page, (view) => view.committee.people.some(({ state }) => state === "waiting"));
  await command(page, { admit: "everybody" });
  await eventually(() => reporter("status"), ({ view }) => view.stage === "member");
  await command(page, { grant: { person: (await view(page)).me, role: "verifier" } });
  await sees(page, (view) => view.unsent === 0 && view.roles.includes("verifier"));
  return async () => (await reporter("report", "--activity", "detaining")).incident;
}

onPhone("a notice counts as shown by the window that shows it, once", async ({ relay, page, another }) => {
  const reported = await withReporter(relay, page);
  const other = await another();
  const shown = () => Promise.all([page, other].map((window) => window.evaluate(() => campana.shown)));
  await eventually(() => other.evaluate(() => campana.link()), (link) => link === "online");

  // The connected window is out of sight, the other one is seen.
  await turnTo(page, "hidden");
  const seen = await reported();
  await eventually(shown, ([, there]) => there.length > 0);
  await turnTo(page, "visible");

  // Nobody looks: whoever comes into sight first shows it.
  await Promise.all([turnTo(page, "hidden"), turnTo(other, "hidden")]);
  const missed = await reported();
  await sees(other, (view) => view.incidents.some(({ id }) => id === missed));
  assert.deepEqual(await shown(), [[], [seen]]);
  await turnTo(other, "visible");
  await eventually(shown, ([, there]) => there.length > 1);

  // Both in sight, and one more: nothing is shown again.
  await turnTo(page, "visible");
  const both = await reported();
  await eventually(shown, (all) => all.flat().length > 2);
  const third = await another();
  await command(third, INVITE);
  await sees(page, (view) => view.unsent === 0);
  assert.deepEqual([...(await shown()).flat(), ...(await third.evaluate(() => campana.shown))].sort(), [seen, missed, both].sort());
});

onPhone("a connected window that freezes is replaced", async ({ page, another }) => {
  // It holds its lock and answers nobody.
  await page.evaluate(() => {
    const end = Date.now() + 12_000;
    setTimeout(() => {
      while (Date.now() < end);
    }, 0);
  });
  const other = await another();
  await command(other, { report: REPORT });
  await sees(other, (view) => view.unsent === 0, 9_000);
  // Thawed, it has lost its place and knows it.
  await sees(page, (view) => view.incidents.length === 1);
});

onPhone("on another network the connection is made anew", async ({ relay, page }) => {
  const made = async () => {
    const text = await (await fetch(relay.metrics)).text();
    return Number(/^campana_relay_connections_total (\d+)$/m.exec(text)?.[1]);
  };
  const before = await made();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await eventually(made, (now) => now === before + 1);
  await eventually(() => view(page), (view) => view.caught_up);
});

onPhone("back in sight after half a minute, the connection is made anew; after less it is not", async ({ relay, page }) => {
  const made = async () => Number(/^campana_relay_connections_total (\d+)$/m.exec(await (await fetch(relay.metrics)).text())?.[1]);
  const before = await made();
  const away = async (ms) => {
    await turnTo(page, "hidden");
    await page.evaluate((ms) => {
      const { now } = Date;
      Date.now = () => now() + ms;
    }, ms);
    await turnTo(page, "visible");
  };
  await away(20_000);
  await page.waitForTimeout(500);
  assert.equal(await made(), before);
  await away(31_000);
  await eventually(made, (now) => now === before + 1);
  await eventually(() => view(page), (view) => view.caught_up);
});

onPhone("a phone that was away while people came and went catches up with all of it", async ({ relay, page }) => {
  const { ok } = await command(page, INVITE);
  await sees(page, (view) => view.unsent === 0);
  const away = await Person.of(browser, relay, "away");
  away.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED/);
  await away.page.goto(relay.origin);
  await eventually(() => away.page.evaluate(() => globalThis.campana?.view()), Boolean);
  assert.deepEqual(await command(away.page, { join: { link: ok.invite.link, handle: "Away" } }), { ok: "accepted" });
  await sees(page, (view) => view.committee.people.some(({ state }) => state === "waiting"));
  await command(page, { admit: "everybody" });
  await sees(away.page, (view) => view.stage === "member" && view.caught_up);
  const { epoch } = (await view(away.page)).network;
  await away.context.setOffline(true);
  await eventually(() => away.page.evaluate(() => campana.link()), (link) => link === "offline");
  const told = await command(away.page, { report: REPORT });
  // A week of a network: people come, are given roles and are removed.
  for (const name of ["one", "two", "three"]) {
    const laptop = native(relay, name);
    await laptop("join", "--handle", name, ok.invite.link).catch((error) => assert.equal(error.code, 3, error.message));
    await sees(page, (view) => view.committee.people.some(({ state }) => state === "waiting"));
    await command(page, { admit: "everybody" });
    await sees(page, (view) => view.unsent === 0 && !view.committee.people.some(({ state }) => state !== "member" && state !== "removed"));
    const { key } = (await view(page)).committee.people.find(({ handle }) => handle === name);
    await command(page, { grant: { person: key, role: "verifier" } });
    await command(page, { remove: { person: key } });
    await sees(page, (view) => view.unsent === 0);
  }
  const now = (await sees(page, ({ network }) => network.epoch >= epoch + 6)).network;
  assert.equal((await view(away.page)).network.epoch, epoch, "it has seen none of it");
  await away.context.setOffline(false);
  const seen = await sees(away.page, ({ network, unsent, caught_up }) => network.epoch === now.epoch && unsent === 0 && caught_up);
  assert.equal(seen.network.governance_head, now.governance_head);
  assert.deepEqual(seen.incidents.map(({ id, status }) => [id, status]), [[told.ok.incident, "sent"]], "what it had to say is said");
  away.assertQuiet();
  await away.context.close();
});

onPhone("a store that goes while the app is open is said so", async ({ page }) => {
  await page.evaluate(() => new Promise((resolve) => (indexedDB.deleteDatabase("campana").onsuccess = () => resolve())));
  assert.deepEqual(await command(page, INVITE), { error: "storage-cleared" });
  assert.equal(await page.evaluate(() => campana.trouble()), "storage-cleared");
});
