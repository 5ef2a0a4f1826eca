// Pushes under every circumstance, handed to the worker as the browser would: real payloads of the
// real relay (a member with an endpoint of its own receives what every member does), the page closed,
// the worker stopped, the network off.
import assert from "node:assert/strict";
import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { certificate } from "./push/certificate.mjs";
import { displayed } from "./push/displayed.mjs";
import { startService } from "./push/service.mjs";
import { subscriber } from "./push/subscriber.mjs";
import { Person, launch, native, startRelay } from "./stage.mjs";

const HOST = "push.test";
/** What is said while it is not known what came. */
const GENERIC = "Something from your network: open the app";
/** Once it is known to be nothing. */
const NOTHING = "Checked: nothing that concerns you";
const UNREAD = "An alert that this phone cannot read";
let directory, app, service, relay, desk, verifier, listener, link;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "campana-pushed-"));
  const tls = await certificate([HOST], join(directory, "ca.pem"));
  listener = subscriber(`https://${HOST}/listener`);
  let key;
  service = await startService(tls, { subscription: () => ({ key }), deliver: () => undefined });
  service.answer = () => ({ status: 201 });
  app = join(directory, "app");
  await cp(join(import.meta.dirname, "../dist"), app, { recursive: true });
  relay = await startRelay(app, ["--push-host", HOST, "--push-resolve", `${HOST}=127.0.0.1:${service.port}`, "--push-ca", tls.file]);
  desk = native(relay, "desk");
  verifier = native(relay, "verifier");
  await desk("start", "--name", "Valle", "--committee", "1", "--threshold", "1", "--confirmations", "1", relay.invitation);
  ({ link } = await desk("invite"));
  await verifier("join", "--handle", "Vera", link).catch((error) => assert.equal(error.code, 3, error.message));
  await admitted(1);
  await desk("grant", "Vera", "verifier");
  await desk("alerts", "on", "--endpoint", listener.endpoint, `--key=${listener.key}`, `--auth=${listener.auth}`);
});
after(async () => {
  await relay?.end();
  service?.end();
  await rm(directory, { recursive: true, force: true });
});

test("the page closed, the worker stopped, the network off: the push is enough, and twice is once", async () => {
  const phone = await phoneOf("Ana");
  await phone.lock({ offline: true });
  const { push } = await alerted();
  await phone.deliver(push);
  assert.deepEqual(await phone.titles(1), ["New alert from your network"]);
  await phone.deliver(push);
  const [again, ...more] = await phone.notifications();
  assert.deepEqual([again.title, again.silent, again.requireInteraction], ["New alert from your network", true, true]);
  assert.deepEqual(more, []);
  await phone.context.setOffline(false);
  await phone.end();
});

test("what a push cannot tell is said generically at once, and in full when it is known", async () => {
  const phone = await phoneOf("Bea");
  await phone.lock({ offline: true });
  const first = await alerted();
  const second = await alerted();
  // Out of order and without a network: something came, it is not known what.
  await phone.deliver(second.push);
  assert.deepEqual(await phone.titles(1), [GENERIC]);
  assert.deepEqual(await phone.tags(), ["campana"]);
  // The first brings itself; the network brings the rest.
  await phone.context.setOffline(false);
  await phone.deliver(first.push);
  const tags = await phone.until(() => phone.tags(), (tags) => tags.length === 2 && !tags.includes("campana"));
  assert.deepEqual(tags.sort(), [`campana-${first.id}`, `campana-${second.id}`].sort());
  await phone.end();
});

test("what is not known yet stays said when another push tells what that one brings", async () => {
  const phone = await phoneOf("Celia");
  await phone.lock({ offline: true });
  const first = await alerted();
  const second = await alerted();
  await phone.deliver(second.push);
  assert.deepEqual(await phone.titles(1), [GENERIC]);
  await phone.deliver(first.push);
  const tags = await phone.until(() => phone.tags(), (tags) => tags.length === 2);
  assert.deepEqual(tags.sort(), ["campana", `campana-${first.id}`].sort());
  await phone.context.setOffline(false);
  await phone.end();
});

test("a relay that takes connections and answers nothing keeps no notification back", async () => {
  const phone = await phoneOf("Clara");
  await phone.lock();
  const { id, push } = await alerted();
  relay.child.kill("SIGSTOP");
  try {
    await phone.deliver(push);
    assert.deepEqual(await phone.titles(1), ["New alert from your network"]);
    assert.deepEqual(await phone.tags(), [`campana-${id}`]);
  } finally {
    relay.child.kill("SIGCONT");
  }
  await phone.end();
});

test("after twenty missed epochs", async () => {
  const phone = await phoneOf("Cleo");
  await phone.lock();
  for (let round = 0; round < 10; round += 1) {
    await desk("grant", "Vera", "responder");
    await desk("revoke", "Vera", "responder");
  }
  const { id, push } = await alerted();
  await phone.deliver(push);
  // The generic one has gone.
  await phone.until(() => phone.tags(), (tags) => tags.join() === `campana-${id}`);
  await phone.end();
});

test("with two windows open it is one alert, in both and on the lock screen", async () => {
  const phone = await phoneOf("Dora");
  const other = await phone.person.newPage();
  await other.goto(relay.origin);
  const rang = await phone.counting();
  const { id, push } = await alerted();
  await phone.deliver(push);
  for (const page of [phone.person.page, other]) {
    await page.locator(`[data-incident="${id}"]`).waitFor({ timeout: 20_000 });
    assert.equal(await page.locator(`[data-incident="${id}"]`).count(), 1);
  }
  // A window that is looked at closes what it shows; that it was on the screen, the worker knows.
  await counted(rang, (times) => times > 0);
  await phone.end();
});

test("a drill says so, content is shown to whoever chose it, and what follows replaces it", async () => {
  const phone = await phoneOf("Eva");
  await phone.lock();
  const drill = await alerted("--drill");
  await phone.deliver(drill.push);
  assert.deepEqual(await phone.titles(1), ["▲ DRILL: an exercise of your network"]);
  await phone.clear();
  await phone.prefer({ content: true });
  const alert = await alerted();
  await phone.deliver(alert.push);
  const [shown] = await phone.until(() => phone.notifications(), (all) => all.length > 0);
  assert.match(shown.title, /^● /);
  assert.match(shown.body, /detaining/i);
  const posts = service.posts.length;
  await verifier("correct", alert.id);
  await phone.deliver(await pushAfter(posts));
  const all = await phone.until(() => phone.notifications(), ([one]) => one?.title.startsWith("✕"));
  assert.equal(all.length, 1);
  await phone.end();
});

test("it rings again until somebody opens the app", async () => {
  const phone = await phoneOf("Fani");
  await phone.prefer({ repeats: [1, 2, 3] });
  const rang = await phone.counting();
  const { push } = await alerted();
  await phone.deliver(push);
  await counted(rang, (times) => times === 4);
  const again = await alerted();
  await phone.deliver(again.push);
  await counted(rang, (times) => times >= 5);
  await phone.person.page.goto(relay.origin);
  await phone.person.sees("Valle");
  const opened = await rang();
  await pause(3_500);
  assert.equal(await rang(), opened, "somebody has seen it");
  await phone.end();
});

test("a phone whose storage was cleared says that it cannot open what came", async () => {
  const phone = await phoneOf("Gabi");
  await phone.person.page.goto(`${relay.origin}/icon.svg`);
  await phone.person.page.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase("campana").onsuccess = done)));
  await phone.lock();
  const { push } = await alerted();
  await phone.deliver(push);
  const titles = await phone.until(() => phone.titles(1), (titles) => titles.includes("Something came that this phone cannot open"));
  assert.deepEqual(titles, ["Something came that this phone cannot open"]);
  await phone.end();
});

test("locked by its PIN: something came, and what it was once the app is opened", async () => {
  const phone = await phoneOf("Hilda");
  const { page } = phone.person;
  await phone.prefer({ content: true });
  // Before there is a PIN, its worker knows all.
  await phone.lock();
  await phone.deliver((await alerted()).push);
  await phone.until(() => phone.tags(), ([tag]) => /^campana-./.test(tag));
  await page.goto(relay.origin);
  await phone.person.tap("Me");
  await page.getByLabel("New PIN").fill("482913");
  await page.getByLabel("The same once more").fill("482913");
  await phone.person.tap("Use this PIN");
  await phone.person.sees("The app asks for a PIN when it opens.");
  // The worker that has the key in memory runs on.
  await page.goto("about:blank");
  for (const stopped of [false, true]) {
    await phone.clear();
    if (stopped) await phone.lock();
    const { id, push } = await alerted();
    await phone.deliver(push);
    assert.deepEqual(await phone.titles(1), [GENERIC]);
    assert.deepEqual(await phone.tags(), ["campana"]);
    await page.goto(`${relay.origin}/#open=${id}`);
    await page.getByLabel("PIN", { exact: true }).fill("482913");
    await phone.person.tap("Open");
    await phone.person.sees("How it was checked");
    await phone.until(() => phone.tags(), (tags) => tags.length === 0);
    await page.goto("about:blank");
  }
  // A test needs no key to be told from the rest.
  const posts = service.posts.length;
  await desk("alerts", "test");
  await phone.deliver(await pushAfter(posts));
  assert.deepEqual(await phone.titles(1), ["Your alerts work"]);
  await phone.end();
});

test("behind a PIN each push rings, and a slow disk has it said once", async () => {
  const phone = await phoneOf("Hugo");
  const { page } = phone.person;
  await phone.person.tap("Me");
  await page.getByLabel("New PIN").fill("482913");
  await page.getByLabel("The same once more").fill("482913");
  await phone.person.tap("Use this PIN");
  await phone.person.sees("The app asks for a PIN when it opens.");
  await page.goto("about:blank");
  const [worker] = phone.context.serviceWorkers();
  await worker.evaluate(() => {
    // Chromium forgets what it shows while it is asked what is up.
    let asked = 0;
    globalThis.overlaps = 0;
    globalThis.rang = [];
    const [show, list] = [registration.showNotification.bind(registration), registration.getNotifications.bind(registration)];
    registration.getNotifications = async (filter) => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return list(filter).finally(() => (asked -= 1));
    };
    registration.showNotification = (title, options) => {
      if (asked > 0) globalThis.overlaps += 1;
      globalThis.rang.push({ title, renotify: options.renotify, silent: options.silent ?? false });
      return show(title, options);
    };
    // Writing takes three seconds.
    const listen = IDBTransaction.prototype.addEventListener;
    IDBTransaction.prototype.addEventListener = function (type, listener, ...more) {
      const slow = type === "complete" && this.mode === "readwrite";
      return listen.call(this, type, slow ? (event) => setTimeout(() => listener.call(this, event), 3_000) : listener, ...more);
    };
  });
  const rings = { title: GENERIC, renotify: true, silent: false };
  for (const times of [1, 2]) {
    await phone.deliver((await alerted()).push);
    await pause(4_000);
    assert.deepEqual(await worker.evaluate(() => globalThis.rang), Array(times).fill(rings));
  }
  assert.equal(await worker.evaluate(() => globalThis.overlaps), 0, "shown while the browser was asked");
  assert.deepEqual(await phone.tags(), ["campana"]);
  await phone.end();
});

test("a generic notification that the browser shows late goes when it is known what came", async () => {
  const phone = await phoneOf("Ivo");
  const { id, push } = await alerted();
  const page = await phone.context.newPage();
  await page.goto(`${relay.origin}/icon.svg`);
  await page.evaluate(() => void navigator.locks.request("campana-turn", () => new Promise((free) => (globalThis.free = free))));
  await phone.person.page.goto("about:blank");
  const [worker] = phone.context.serviceWorkers();
  await worker.evaluate(() => {
    const show = registration.showNotification.bind(registration);
    registration.showNotification = async (title, options) => {
      if (options.tag === "campana") await new Promise((resolve) => (globalThis.late = () => resolve()));
      await show(title, options);
      globalThis.up = options.tag;
    };
  });
  await phone.deliver(push);
  await page.waitForTimeout(2_500);
  await page.evaluate(() => globalThis.free());
  await counted(() => worker.evaluate(() => globalThis.up), (up) => up === `campana-${id}`);
  // All that follows a push is over by then.
  await pause(3_000);
  await worker.evaluate(() => globalThis.late());
  await phone.until(() => phone.tags(), (tags) => tags.join() === `campana-${id}`);
  await phone.end();
});

test("what was pushed as an alert and cannot be read is said to be that, and not nothing", async () => {
  const phone = await phoneOf("Iris");
  await phone.lock({ offline: true });
  const { push } = await alerted();
  // The next entry of the log, as far as anybody can tell who does not have the network's keys.
  const declared = JSON.parse(push);
  const message = Buffer.from(declared.notification.data.m, "base64url");
  message[message.length - 1] ^= 1;
  declared.notification.data.m = message.toString("base64url");
  await phone.deliver(JSON.stringify(declared));
  const [shown] = await phone.until(() => phone.notifications(), (all) => all.length > 0);
  assert.deepEqual([shown.title, shown.silent], [UNREAD, false]);
  await phone.end();
});

test("each push has a notification of its own, whatever is on the screen already", async () => {
  const phone = await phoneOf("Julia");
  const rang = await phone.counting();
  await phone.person.page.goto("about:blank");
  const { push } = await alerted();
  for (let times = 1; times <= 3; times += 1) {
    const before = await rang();
    await phone.deliver(push);
    await counted(rang, (now) => now > before);
  }
  assert.equal((await phone.tags()).length, 1);
  await phone.end();
});

test("a browser that refuses how a notification is to be shown shows its words", async () => {
  const phone = await phoneOf("Kati");
  const [worker] = phone.context.serviceWorkers();
  await worker.evaluate(() => {
    const show = registration.showNotification.bind(registration);
    registration.showNotification = (title, options) =>
      options.vibrate || options.requireInteraction ? Promise.reject(new TypeError("refused")) : show(title, options);
  });
  await phone.person.page.goto("about:blank");
  const { id, push } = await alerted();
  await phone.deliver(push);
  assert.deepEqual(await phone.titles(1), ["New alert from your network"]);
  assert.deepEqual(await phone.tags(), [`campana-${id}`]);
  await phone.end();
});

test("a worker that cannot get on in two seconds says something, and what it was later", async () => {
  const phone = await phoneOf("Karla");
  await phone.lock();
  const { id, push } = await alerted();
  const page = await phone.context.newPage();
  await page.goto(`${relay.origin}/icon.svg`);
  await page.evaluate(() => void navigator.locks.request("campana-turn", () => new Promise((free) => (globalThis.free = free))));
  await phone.deliver(push);
  assert.deepEqual(await phone.titles(1), [GENERIC]);
  assert.deepEqual(await phone.tags(), ["campana"]);
  await phone.shows(() => page.evaluate(() => globalThis.free()));
  await phone.until(() => phone.tags(), (tags) => tags.join() === `campana-${id}`);
  await phone.end();
});

test("a tap on a notification leads to what it is about, with and without a window", async () => {
  const phone = await phoneOf("Lena");
  const { page } = phone.person;
  const [worker] = phone.context.serviceWorkers();
  // As a browser does; what it would open it tells instead.
  const tap = () =>
    worker.evaluate(async () => {
      const [notification] = await registration.getNotifications();
      globalThis.openedWindow = undefined;
      clients.openWindow = (url) => Promise.resolve((globalThis.openedWindow = url));
      dispatchEvent(new NotificationEvent("notificationclick", { notification }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      return globalThis.openedWindow;
    });
  await page.goto("about:blank");
  const first = await alerted();
  await phone.deliver(first.push);
  await phone.until(() => phone.tags(), (tags) => tags.length === 1);
  const opened = await tap();
  assert.equal(opened, `/#open=${first.id}`);
  await page.goto(relay.origin + opened);
  await phone.person.sees("How it was checked");
  // The app is open somewhere out of sight.
  await phone.person.tap("Home");
  const elsewhere = await phone.context.newPage();
  await elsewhere.bringToFront();
  const second = await alerted();
  await phone.deliver(second.push);
  await phone.until(() => phone.tags(), (tags) => tags.length === 1);
  assert.equal(await tap(), undefined);
  await page.waitForFunction((id) => history.state?.incident === id, second.id);
  await phone.person.sees("How it was checked");
  // What waits at the desk leads to the desk.
  const waits = () => worker.evaluate(() => registration.showNotification("", { tag: "campana-desk" }));
  await worker.evaluate(async () => (await registration.getNotifications()).forEach((one) => one.close()));
  await phone.shows(waits);
  await phone.until(() => phone.tags(), (tags) => tags.join() === "campana-desk");
  assert.equal(await tap(), undefined);
  await page.waitForFunction(() => history.state?.place === "desk");
  await page.goto("about:blank");
  await phone.shows(waits);
  await phone.until(() => phone.tags(), (tags) => tags.join() === "campana-desk");
  assert.equal(await tap(), "/#open=desk");
  await page.goto(`${relay.origin}/#open=desk`);
  await page.waitForFunction(() => history.state?.place === "desk");
  await phone.end();
});

test("opening the app puts notifications away, whatever the browser says of push", async () => {
  const phone = await phoneOf("Nora");
  const { page } = phone.person;
  await page.addInitScript(() => {
    PushManager.prototype.getSubscription = () => Promise.reject(new DOMException("not now", "AbortError"));
  });
  await phone.lock();
  await phone.deliver((await alerted()).push);
  assert.deepEqual(await phone.titles(1), ["New alert from your network"]);
  await page.goto(relay.origin);
  await phone.person.sees("Valle");
  await phone.until(() => phone.tags(), (tags) => tags.length === 0);
  await phone.end();
});

test("an app that is opened out of sight leaves notifications up until it is looked at", async () => {
  const phone = await phoneOf("Olga");
  const { page } = phone.person;
  await page.addInitScript(() => {
    globalThis.sight = "hidden";
    Object.defineProperty(Document.prototype, "visibilityState", { get: () => globalThis.sight });
  });
  await phone.lock();
  await phone.deliver((await alerted()).push);
  assert.equal((await phone.tags()).length, 1);
  await page.goto(relay.origin);
  await phone.person.sees("Valle");
  await pause(1_000);
  assert.equal((await phone.tags()).length, 1);
  await page.evaluate(() => {
    globalThis.sight = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await phone.until(() => phone.tags(), (tags) => tags.length === 0);
  await phone.end();
});

test("the push service ends the subscription, and nobody can make another: its owner is told", async () => {
  const phone = await phoneOf("Mina");
  await phone.lock();
  await phone.person.page.goto(`${relay.origin}/icon.svg`);
  await phone.person.page.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase("campana").onsuccess = done)));
  const [worker] = phone.context.serviceWorkers();
  await phone.shows(() => worker.evaluate(() => void dispatchEvent(new ExtendableEvent("pushsubscriptionchange"))));
  assert.deepEqual(await phone.titles(1), ["Your alerts have stopped"]);
  await phone.end();
});

test("while a new version of the app waits", async () => {
  const phone = await phoneOf("Hana");
  await phone.person.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await rm(join(app, "sw.js.br"));
  await appendFile(join(app, "sw.js"), "\n// another version\n");
  phone.person.expected.push(/ERR_CONNECTION_REFUSED/);
  await relay.stop();
  await relay.start(relay.address);
  await phone.person.page.evaluate(() => navigator.serviceWorker.ready.then((worker) => worker.update()).then(() => undefined));
  await phone.person.page.waitForFunction(async () => (await navigator.serviceWorker.ready).waiting !== null);
  await phone.lock();
  const { push } = await alerted();
  await phone.deliver(push);
  assert.deepEqual(await phone.titles(1), ["New alert from your network"]);
  await phone.end();
});

test("nothing at all, or nonsense, still ends in a notification", async () => {
  const phone = await phoneOf("Ines");
  await phone.lock();
  for (const nonsense of ["", "{}", "[1", '{"notification":{"data":{"m":"AAAA"}}}', "x".repeat(3_000)]) {
    await phone.deliver(nonsense);
    const [title] = await phone.titles(1).catch((error) => [error.message]);
    assert.ok([GENERIC, NOTHING].includes(title), `${nonsense.slice(0, 50)}: ${title}`);
    await phone.clear();
  }
  // It may be of a later version: what nobody understands is not called nothing.
  await phone.deliver("{}");
  assert.deepEqual(await phone.titles(1), [GENERIC]);
  await phone.end();
});

/** Pushes of entries, in the order in which the listener got them. */
async function pushAfter(posts) {
  const post = await service.waitFor(() => true, posts);
  return listener.open(post.body).toString();
}

async function admitted(count) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await desk("people");
    const people = answer.people ?? answer;
    if (people.filter(({ state }) => state === "waiting").length >= count) return desk("admit", "--all");
    await pause(250);
  }
  throw new Error("nobody waits");
}

/** Until its worker has shown so many. */
async function counted(rang, enough) {
  for (let tries = 0; tries < 150; tries += 1) {
    if (enough(await rang())) return;
    await pause(100);
  }
  throw new Error(`shown: ${await rang()}`);
}

async function alerted(...more) {
  const posts = service.posts.length;
  const report = await desk("report", "--activity", "detaining", ...more);
  const id = report.incident ?? report.id;
  for (let tries = 0; tries < 40; tries += 1) {
    const done = await verifier("attest", id, "--finding", "confirmed", "--method", "in-person").catch(() => undefined);
    if (done) return { id, push: await pushAfter(posts) };
    await pause(250);
  }
  throw new Error("the report never came to the verifier");
}

/** A member's phone with the app on it. */
async function phoneOf(handle) {
  // Its own browser: what is done to one's workers is done to all.
  const browser = await launch();
  const person = await Person.of(browser, relay, handle);
  const { context } = person;
  await context.grantPermissions(["notifications"], { origin: relay.origin });
  await person.join(link, handle);
  await person.sees("waiting");
  await admitted(1);
  await person.sees("Valle");
  await person.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const cdp = await context.newCDPSession(await context.newPage());
  const registrations = new Map();
  cdp.on("ServiceWorker.workerRegistrationUpdated", (event) => {
    for (const registration of event.registrations) registrations.set(registration.scopeURL, registration.registrationId);
  });
  await cdp.send("ServiceWorker.enable");
  const screen = await displayed(cdp);
  const phone = {
    person,
    context,
    /** Does what makes its worker show something. */
    shows: screen.by,
    /** Closes the app and stops its worker. */
    async lock({ offline = false } = {}) {
      // A worker that is stopped could not be told.
      if (offline) {
        // What the browser says of the network is tried before it is believed.
        person.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED/);
        await context.setOffline(true);
      }
      await person.page.goto("about:blank");
      await cdp.send("ServiceWorker.stopAllWorkers");
      await pause(300);
    },
    /** How often its worker shows something from now on. */
    async counting() {
      const [worker] = context.serviceWorkers();
      await worker.evaluate(() => {
        const show = registration.showNotification.bind(registration);
        globalThis.rang = 0;
        registration.showNotification = (...words) => {
          return show(...words).then(() => void (globalThis.rang += 1));
        };
      });
      return () => worker.evaluate(() => globalThis.rang);
    },
    async deliver(data) {
      const registrationId = registrations.get(`${relay.origin}/`);
      await phone.shows(() => cdp.send("ServiceWorker.deliverPushMessage", { origin: relay.origin, registrationId, data }));
    },
    async notifications() {
      await screen.settled();
      const page = await context.newPage();
      await page.goto(`${relay.origin}/icon.svg`);
      const found = await page.evaluate(async () => {
        const shown = (await (await navigator.serviceWorker.getRegistration())?.getNotifications()) ?? [];
        return shown.map(({ title, body, tag, silent, requireInteraction }) => ({ title, body, tag, silent, requireInteraction }));
      });
      await page.close();
      return found;
    },
    until: async (look, enough) => {
      const start = Date.now();
      for (;;) {
        const found = await look();
        if (enough(found)) return found;
        if (Date.now() - start > 20_000) throw new Error(`still: ${JSON.stringify(found)}`);
        await screen.changed();
      }
    },
    titles: (count) =>
      phone.until(async () => (await phone.notifications()).map(({ title }) => title), (titles) => titles.length >= count),
    tags: async () => (await phone.notifications()).map(({ tag }) => tag),
    async clear() {
      await screen.settled();
      const page = await context.newPage();
      await page.goto(`${relay.origin}/icon.svg`);
      await page.evaluate(async () => {
        for (const shown of await (await navigator.serviceWorker.getRegistration()).getNotifications()) shown.close();
      });
      await page.close();
    },
    async prefer(change) {
      await person.page.goto(`${relay.origin}/icon.svg`);
      await person.page.evaluate(
        (change) =>
          new Promise((done, failed) => {
            const opening = indexedDB.open("campana-prefs", 1);
            opening.onerror = failed;
            opening.onsuccess = () => {
              const store = opening.result.transaction("prefs", "readwrite").objectStore("prefs");
              const read = store.get("prefs");
              read.onsuccess = () => (store.put({ ...read.result, ...change }, "prefs").onsuccess = done);
            };
          }),
        change,
      );
      await person.page.goto("about:blank");
    },
    async end() {
      person.assertQuiet();
      await browser.close();
    },
  };
  return phone;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
