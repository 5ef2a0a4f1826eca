// A locked phone rings, in real browsers subscribed to push services of their own: the relay posts,
// the service posts on, the browser wakes the worker, the worker opens the alert and shows it.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { HOST as AUTOPUSH, launchFirefox, startAutopush } from "./push/autopush.mjs";
import { certificate } from "./push/certificate.mjs";
import { HOST as FCM, launchChromium, startFcm, stopWorkers } from "./push/fcm.mjs";
import { gone, joined, pause, sees, tap } from "./push/page.mjs";
import { vapid } from "./push/subscriber.mjs";
import { native, startRelay } from "./stage.mjs";

const BROWSERS = [
  { name: "Firefox", host: AUTOPUSH, start: startAutopush, launch: launchFirefox, stop: () => undefined },
  { name: "Chromium", host: FCM, start: startFcm, launch: launchChromium, stop: stopWorkers },
];

for (const { name, host, start, launch, stop } of BROWSERS) {
  describe(`alerts in ${name}`, () => {
    test("on a phone that is locked, switched off, and forgotten by its push service", async (t) => {
      const directory = await mkdtemp(join(tmpdir(), "campana-push-"));
      const tls = await certificate([host], join(directory, "ca.pem"));
      const service = await start(tls);
      const flags = ["--push-host", host, "--push-resolve", `${host}=127.0.0.1:${service.port}`, "--push-ca", tls.file];
      const relay = await startRelay(undefined, flags);
      let browser = await launch(service, join(directory, "profile"));
      t.after(async () => {
        await browser.close();
        await relay.end();
        service.end();
        await rm(directory, { recursive: true, force: true });
      });

      // The committee and a verifier at their laptops; a member with a phone.
      const desk = native(relay, "desk");
      const verifier = native(relay, "verifier");
      await desk("start", "--name", "Valle", "--committee", "1", "--threshold", "1", "--confirmations", "1", relay.invitation);
      const { link } = await desk("invite");
      const waits = (error) => assert.equal(error.code, 3, error.message);
      await verifier("join", "--handle", "Vera", link).catch(waits);
      let page = await joined(browser, link);
      await admitAll(desk, 2);
      await desk("grant", "Vera", "verifier");

      // One tap; the test is asked for, and comes when the app is closed.
      await sees(page, "This phone does not ring yet.");
      await tap(page, "Turn on alerts");
      await sees(page, "On, but never tested.");
      await tap(page, "Send me a test");
      await sees(page, "Lock your phone now.");
      await page.goto("about:blank");
      await service.waitFor(() => true);
      assert.deepEqual(await shown(browser, relay, 1), ["Your alerts work"]);
      page = await app(browser, relay);
      await sees(page, "Valle");
      await gone(page, "Send me a test");
      await page.goto("about:blank");

      // An alert: generic on the lock screen, one notification, and the desk knows that it is there.
      await stop(browser);
      const first = await alerted(desk, verifier);
      await service.waitFor(() => true, 1);
      assert.deepEqual(await shown(browser, relay, 1), ["New alert from your network"]);
      await covers(desk, verifier, first, 3);
      page = await app(browser, relay, `/#open=${first}`);
      await sees(page, "How it was checked");
      await none(page);
      await page.goto("about:blank");

      // What follows takes the place of what was there.
      const second = await alerted(desk, verifier);
      assert.deepEqual(await shown(browser, relay, 1), ["New alert from your network"]);
      await verifier("all-clear", second);
      assert.deepEqual(await shown(browser, relay, 1, "There is news about an alert"), ["There is news about an alert"]);

      // Whatever it was about, it looked the same on its way.
      const sizes = new Set(service.posts.map((post) => post.body.length));
      const headers = new Set(service.posts.map((post) => Object.keys(post.headers).sort().join()));
      assert.equal(sizes.size, 1, `one size: ${[...sizes]}`);
      assert.equal(headers.size, 1, `the same headers: ${[...headers]}`);
      assert.equal(service.posts[0].headers.urgency, "high");
      assert.equal(vapid(service.posts[0]).aud, `https://${host}`);

      // Switched off while it happened.
      await browser.close();
      const third = await alerted(desk, verifier);
      browser = await launch(service, join(directory, "profile"));
      await covers(desk, verifier, third, 3);

      // The push service has forgotten the phone, and its browser has not: it finds out when the
      // app is next opened.
      service.forget();
      await alerted(desk, verifier);
      await service.waitFor(({ status }) => status === 410);
      page = await app(browser, relay);
      await registered(desk);
      await page.goto("about:blank");
      await ringsAgain(desk, verifier, browser, relay);

      // Nobody touches it: a browser that keeps some of its notifications back holds nothing else up.
      for (let more = 0; more < 4; more += 1) await covers(desk, verifier, await alerted(desk, verifier), 3);
    });
  });
}

async function admitAll(desk, count) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await desk("people");
    const people = answer.people ?? answer;
    if (people.filter(({ state }) => state === "waiting").length >= count) return desk("admit", "--all");
    await pause(250);
  }
  throw new Error("nobody waits");
}

/** A report from the desk's own laptop, confirmed. The incident's id. */
async function alerted(desk, verifier) {
  const report = await desk("report", "--activity", "detaining");
  const id = report.incident ?? report.id;
  for (let tries = 0; tries < 40; tries += 1) {
    const done = await verifier("attest", id, "--finding", "confirmed", "--method", "in-person").catch(() => undefined);
    if (done) return id;
    await pause(250);
  }
  throw new Error("the report never came to the verifier");
}

async function covers(desk, verifier, id, phones) {
  let found;
  // A laptop counts itself in when it is next there.
  await verifier("status");
  for (let tries = 0; tries < 40; tries += 1) {
    const answer = await desk("incidents");
    found = (answer.incidents ?? answer).find((incident) => incident.id === id)?.coverage;
    if (found?.phones === phones) return;
    await pause(500);
  }
  throw new Error(`covered: ${JSON.stringify(found)}`);
}

/** The relay has the phone's registration. */
async function registered(desk) {
  let reach;
  for (let tries = 0; tries < 40; tries += 1) {
    ({ reach } = (await desk("status")).view);
    if (reach?.registered === 1) return;
    await pause(500);
  }
  throw new Error(`registered: ${JSON.stringify(reach)}`);
}

/**
 * Titles of what is on the lock screen, once there are `count`; looked at without opening the app, and
 * seldom: see `displayed.mjs`.
 */
async function shown(browser, relay, count, title) {
  const page = await browser.newPage();
  let titles = [];
  for (let tries = 0; tries < 20; tries += 1) {
    await pause(1_000);
    // Not the app: it would close them.
    await page.goto(`${relay.origin}/icon.svg`);
    titles = await page.evaluate(notifications);
    // Looked at from elsewhere, so that no window is in sight meanwhile.
    await page.goto("about:blank");
    if (titles.length === count && (title === undefined || titles.includes(title))) break;
  }
  await page.close();
  return titles;
}

/** In the page. */
async function notifications() {
  const worker = await navigator.serviceWorker.getRegistration();
  return (await worker?.getNotifications())?.map((notification) => notification.title) ?? [];
}

/** Whoever looks at the app has seen what they are about. */
async function none(page) {
  let titles;
  for (let tries = 0; tries < 40; tries += 1) {
    titles = await page.evaluate(notifications);
    if (titles.length === 0) return;
    await pause(250);
  }
  throw new Error(`still on the lock screen: ${titles}`);
}

async function ringsAgain(desk, verifier, browser, relay) {
  await alerted(desk, verifier);
  assert.ok((await shown(browser, relay, 1)).includes("New alert from your network"));
}

async function app(browser, relay, path = "/") {
  const page = await browser.newPage();
  await page.setViewport({ width: 360, height: 740 });
  await page.goto(relay.origin + path);
  return page;
}
