// The turn over a real IndexedDB: whatever races, dies or fills up, nothing acknowledged is lost
// and nothing happens twice.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { Person, launch, startRelay } from "./stage.mjs";
import { buildBench, founder } from "./turn/bench.mjs";

let relay, bench, browser, app;

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

const founded = (options) => founder(browser, bench, options);

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
    await campana.worker();
  });
  const inWorker = page.evaluate(async () => {
    const ids = [];
    for (let round = 0; round < 10; round += 1) ids.push(...(await campana.inWorker("report", `worker ${round}`, 33)));
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

test("a page that was left takes no turns, and stops trying", async () => {
  const { page } = await founded();
  const refused = page.evaluate(async () => {
    // What a document that is no longer active is told.
    navigator.locks.request = () => Promise.reject(new DOMException("not active", "InvalidStateError"));
    return campana.report(device, "left", 1).then(() => "taken", (error) => error.name);
  });
  const late = new Promise((resolve) => setTimeout(resolve, 10_000, "the page hangs"));
  assert.equal(await Promise.race([refused, late]), "InvalidStateError");
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
  await person.tap("Start over on this device");
  // Its language is forgotten too.
  await person.tap("English");
  await person.sees("I have an invite");
  person.assertQuiet();
});

test("a store of a newer version is left alone", async () => {
  const person = await withApp();
  await person.page.goto(relay.origin);
  // The invitation that it was opened with is still here.
  await person.page.getByLabel("Name of the network").waitFor();
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
  await person.title("Waiting to be sent: it goes as soon as there is a connection");
  await person.tap("Home");
  await person.sees("Waiting to be sent");
  await person.context.setOffline(false);
  // The founder's own device has the desk too: there it has arrived.
  await person.sees("Not verified");
  person.assertQuiet();
});
