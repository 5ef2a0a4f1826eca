// A report rings a verifier who is on call: in real browsers subscribed to push services of their own,
// with the app closed and the worker stopped, behind a PIN, and while the relay can't be reached. Cover is
// told without noise, and one who is off call is left alone.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { HOST as AUTOPUSH, launchFirefox, startAutopush } from "./push/autopush.mjs";
import { certificate } from "./push/certificate.mjs";
import { HOST as FCM, launchChromium, startFcm, stopWorkers } from "./push/fcm.mjs";
import { joined, pause, sees, tap } from "./push/page.mjs";
import { Person, launch as chromium, native, startRelay } from "./stage.mjs";

const BROWSERS = [
  { name: "Firefox", host: AUTOPUSH, start: startAutopush, launch: launchFirefox, stop: () => undefined },
  { name: "Chromium", host: FCM, start: startFcm, launch: launchChromium, stop: stopWorkers },
];
const GENERIC = "Something from your network: open the app";
const WAITS = "Something in your network waits for you: open the app";

for (const browserKind of BROWSERS) {
  const { name, stop } = browserKind;
  describe(`a report in ${name}`, () => {
    test("rings a locked phone that is on call, and not one that is off call", async (t) => {
      const scene = await desk(t, browserKind);
      const { relay, service, browser, desk: committee, verifier } = scene;
      let { page } = scene;
      // Nobody is on call, and the desk says so.
      await sees(page, "Nobody is on call");
      // One tap more than alerts take: it says what it costs, and rings the locked phone as a test.
      await sees(page, "the push service can tell that this phone gets more notices than others");
      await goesOnCall(scene);
      page = await app(browser, relay);
      await tap(page, "Desk");
      await sees(page, "You are on call");
      await sees(page, "One of you is on call now");
      await page.goto("about:blank");
      await stop(browser);

      // Three in the morning.
      const posts = service.posts.length;
      const began = Date.now();
      await committee("report", "--activity", "detaining");
      await service.waitFor(() => true, posts);
      console.log(`${name}: a report was pushed after ${Date.now() - began} ms`);
      assert.deepEqual(await shown(browser, relay, WAITS), [{ title: WAITS, silent: false }]);
      looksAlike(service);

      // Off call: what comes next is pushed to nobody; a verified alert still is.
      page = await app(browser, relay);
      await tap(page, "Desk");
      await sees(page, "To verify");
      await tap(page, "Go off call");
      await sees(page, "This phone does not ring for reports.");
      await standing(committee, ({ on_call }) => on_call === 0);
      const before = service.posts.length;
      await alerted(committee, verifier);
      await service.waitFor(() => true, before);
      await page.goto("about:blank");
      assert.deepEqual(service.posts.slice(before).length, 1, "the alert alone");
    });

    test("reaches one that is cover by the same push, without noise", async (t) => {
      const scene = await desk(t, browserKind);
      const { relay, service, browser, desk: committee } = scene;
      await goesOnCall(scene, "Be cover", 0);
      const page = await app(browser, relay);
      await tap(page, "Desk");
      await sees(page, "You are cover");
      await sees(page, "Nobody is on call");
      await page.goto("about:blank");
      await stop(browser);
      const posts = service.posts.length;
      await committee("report", "--activity", "detaining");
      await service.waitFor(() => true, posts);
      assert.deepEqual(await shown(browser, relay, WAITS), [{ title: WAITS, silent: true }]);
      looksAlike(service);
    });

    test("rings while the relay can't be reached, and behind a PIN, and says no more than is known", async (t) => {
      const scene = await desk(t, browserKind);
      const { relay, service, browser, desk: committee } = scene;
      await goesOnCall(scene);
      // It comes when the relay has gone.
      await stop(browser);
      service.held = [];
      let posts = service.posts.length;
      await committee("report", "--activity", "detaining");
      await service.waitFor(() => true, posts);
      await relay.stop();
      service.release();
      assert.deepEqual(await shown(browser, relay, GENERIC), [{ title: GENERIC, silent: false }]);
      await relay.start(relay.address);
      let page = await app(browser, relay);
      await tap(page, "Desk");
      await sees(page, "To verify");

      await tap(page, "Me");
      for (const field of ["New PIN", "The same once more"]) await type(page, field, "482913");
      await tap(page, "Use this PIN");
      await sees(page, "The app asks for a PIN when it opens.");
      await page.goto("about:blank");
      await stop(browser);
      // The relay has begun anew, so it is not the minute after the last ring.
      posts = service.posts.length;
      await committee("report", "--activity", "loading");
      await service.waitFor(() => true, posts);
      assert.deepEqual(await shown(browser, relay, GENERIC), [{ title: GENERIC, silent: false }]);
      page = await app(browser, relay);
      await type(page, "PIN", "482913");
      await tap(page, "Open");
      await tap(page, "Desk");
      await sees(page, "Putting people into vehicles");
      assert.deepEqual(await page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title }) => title)), []);
    });
  });
}

test("an app that is open rings, until somebody touches it", async (t) => {
  const relay = await startRelay();
  const browser = await chromium();
  t.after(async () => {
    await browser.close();
    await relay.end();
  });
  const desk = native(relay, "desk");
  await desk("start", "--name", "Valle", "--committee", "1", "--threshold", "1", "--confirmations", "1", relay.invitation);
  const { link } = await desk("invite");
  const verifier = native(relay, "verifier");
  await verifier("join", "--handle", "Vera", link).catch((error) => assert.equal(error.code, 3, error.message));
  const phone = await Person.of(browser, relay, "Ana");
  await phone.context.addInitScript(() => {
    globalThis.rang = { sounds: 0, vibrations: 0 };
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
      globalThis.rang.sounds += 1;
      return make.call(this);
    };
    Navigator.prototype.vibrate = (pattern) => (globalThis.rang.vibrations += pattern === 0 ? 0 : 1);
  });
  await phone.join(link, "Ana");
  await phone.sees("waiting");
  await admitted(desk, 2);
  await desk("grant", "Vera", "verifier");
  await desk("grant", "Ana", "verifier");
  await phone.tap(/Desk/);
  await phone.sees("Nothing to verify");
  const rang = () => phone.page.evaluate(() => ({ title: document.title, ...globalThis.rang }));
  assert.deepEqual(await rang(), { title: "Campana", sounds: 0, vibrations: 0 }, "what was there is no news");

  // A report rings the desk, an alert everybody.
  for (const comes of [() => desk("report", "--activity", "detaining"), () => alerted(desk, verifier)]) {
    const before = await rang();
    await comes();
    await phone.page.waitForFunction(() => document.title === "● Campana");
    const now = await rang();
    assert.ok(now.sounds > before.sounds && now.vibrations > before.vibrations, JSON.stringify([before, now]));
    await phone.page.keyboard.press("Shift");
    assert.equal((await rang()).title, "Campana");
  }
  phone.assertQuiet();
});

/** A verifier's phone at the desk's screen, with the committee and another verifier at their laptops. */
async function desk(t, { host, start, launch }) {
  const directory = await mkdtemp(join(tmpdir(), "campana-oncall-"));
  const tls = await certificate([host], join(directory, "ca.pem"));
  const service = await start(tls);
  const flags = ["--push-host", host, "--push-resolve", `${host}=127.0.0.1:${service.port}`, "--push-ca", tls.file];
  const relay = await startRelay(undefined, flags);
  const scene = { relay, service, browser: await launch(service, join(directory, "profile")) };
  t.after(async () => {
    await scene.browser.close();
    await relay.end();
    service.end();
    await rm(directory, { recursive: true, force: true });
  });
  const committee = native(relay, "desk");
  await committee("start", "--name", "Valle", "--committee", "1", "--threshold", "1", "--confirmations", "1", relay.invitation);
  const { link } = await committee("invite");
  const verifier = native(relay, "verifier");
  await verifier("join", "--handle", "Vera", link).catch((error) => assert.equal(error.code, 3, error.message));
  const page = await joined(scene.browser, link);
  await admitted(committee, 2);
  for (const person of ["Ana", "Vera"]) await committee("grant", person, "verifier");
  await tap(page, "Desk");
  return Object.assign(scene, { desk: committee, verifier, page });
}

/** One tap, and the test that comes of it while the phone is locked. */
async function goesOnCall({ browser, relay, desk, page }, how = "Go on call", onCall = 1) {
  await tap(page, how);
  await sees(page, "Lock your phone now.");
  await page.goto("about:blank");
  assert.deepEqual(await shown(browser, relay), [{ title: "Your alerts work", silent: false }]);
  // What the worker was rung by it tells the desk once somebody looks.
  const opened = await app(browser, relay);
  await tap(opened, "Desk");
  await standing(desk, ({ on_call, proved }) => on_call === onCall && proved === onCall);
  await opened.close();
}

/** A push about a report looks as any other does. */
function looksAlike({ posts }) {
  assert.equal(new Set(posts.map((post) => post.body.length)).size, 1);
  assert.equal(new Set(posts.map((post) => Object.keys(post.headers).sort().join())).size, 1);
}

const type = (page, field, text) =>
  page.locator(`::-p-xpath(//label[normalize-space(.)="${field}" or starts-with(normalize-space(.), "${field}")]//input)`).fill(text);

/** A report, confirmed. */
async function alerted(desk, verifier) {
  const report = await desk("report", "--activity", "detaining");
  const incident = report.incident ?? report.id;
  for (let tries = 0; tries < 40; tries += 1) {
    const done = await verifier("attest", incident, "--finding", "confirmed", "--method", "in-person").catch(() => undefined);
    if (done) return;
    await pause(250);
  }
  throw new Error("the report never came to the verifier");
}

async function admitted(desk, count) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await desk("people");
    const people = answer.people ?? answer;
    if (people.filter(({ state }) => state === "waiting").length >= count) return desk("admit", "--all");
    await pause(250);
  }
  throw new Error("nobody waits");
}

/** What the committee's laptop knows of who is on call. */
async function standing(desk, enough) {
  let known;
  for (let tries = 0; tries < 240; tries += 1) {
    known = (await desk("status")).view.desk;
    if (enough(known)) return;
    await pause(250);
  }
  throw new Error(`on call: ${JSON.stringify(known)}`);
}

/** What is on the lock screen, once there is something (of this title); looked at seldom: see `displayed.mjs`. */
async function shown(browser, relay, title) {
  const page = await browser.newPage();
  let found = [];
  for (let tries = 0; tries < 20; tries += 1) {
    await pause(1_000);
    // Not the app: it would close them.
    await page.goto(`${relay.origin}/icon.svg`);
    found = await page.evaluate(async () => {
      const worker = await navigator.serviceWorker.getRegistration();
      const up = (await worker?.getNotifications()) ?? [];
      return up.map(({ title, silent }) => ({ title, silent: silent === true }));
    });
    await page.goto("about:blank");
    if (found.length > 0 && (title === undefined || found.some((one) => one.title === title))) break;
  }
  await page.close();
  return found;
}

async function app(browser, relay) {
  const page = await browser.newPage();
  await page.setViewport({ width: 360, height: 740 });
  await page.goto(relay.origin);
  return page;
}
