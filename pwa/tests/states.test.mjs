// How a phone's alerts stand, and what stands above every screen, in both languages.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { LANGUAGES, look, words } from "./look.mjs";
import { certificate } from "./push/certificate.mjs";
import { displayed } from "./push/displayed.mjs";
import { startService } from "./push/service.mjs";
import { subscriber } from "./push/subscriber.mjs";
import { Person, launch, native, startRelay } from "./stage.mjs";

const HOST = "push.test";
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const [tag, language, locale] of LANGUAGES) {
  test(`how alerts stand, and what is above every screen, in ${language}`, async () => {
    const say = words(tag);
    const directory = await mkdtemp(join(tmpdir(), "campana-states-"));
    const tls = await certificate([HOST], join(directory, "ca.pem"));
    const service = await startService(tls, { subscription: () => undefined, deliver: () => undefined });
    service.answer = () => ({ status: 201 });
    const own = subscriber(`https://${HOST}/phone`);
    const pretend = (await readFile(join(import.meta.dirname, "push/pretend.js"), "utf8")).replace(
      '"SUBSCRIPTION"',
      JSON.stringify(JSON.stringify(own)),
    );
    const app = join(directory, "app");
    await cp(join(import.meta.dirname, "../dist"), app, { recursive: true });
    await rm(join(app, "sw.js.br"));
    const worker = pretend + (await readFile(join(app, "sw.js"), "utf8"));
    await writeFile(join(app, "sw.js"), worker);
    const relay = await startRelay(app, ["--push-host", HOST, "--push-resolve", `${HOST}=127.0.0.1:${service.port}`, "--push-ca", tls.file]);
    const desk = native(relay, "desk");
    await desk("start", "--name", "Valle", "--committee", "1", "--threshold", "1", "--confirmations", "1", relay.invitation);
    const { link } = await desk("invite");

    const person = await Person.of(browser, relay, "Marisol", { locale, language, deviceScaleFactor: 1 });
    const { context, page } = person;
    await context.grantPermissions(["notifications"], { origin: relay.origin });
    await context.addInitScript(pretend);
    await person.join(link, "Marisol");
    await person.title(say("stage-waiting"));
    await admitAll(desk);
    await person.title("Valle");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));

    // Alerts: off, never tested, on, stopped, blocked.
    await person.sees(say("alerts-off"));
    await look(person, tag, "60-home-alerts-off");
    await person.tap(say("alerts-turn-on"));
    await person.sees(say("alerts-untested"));
    await look(person, tag, "61-home-alerts-untested");
    const deliver = await delivering(context, relay);
    await person.tap(say("alerts-test"));
    await person.sees(say("alerts-test-lock"));
    await look(person, tag, "62-home-alerts-testing");
    await page.goto("about:blank");
    const post = await service.waitFor(() => true);
    await deliver(own.open(post.body).toString());
    await page.goto(relay.origin);
    await person.sees(say("home-quiet"));
    await person.sees(say("alerts-brief", { when: "" }).trim());
    await look(person, tag, "63-home-alerts-on");
    await person.tap(say("me"));
    await person.sees(say("alerts-content"));
    await look(person, tag, "64-me-alerts-on", say("alerts-title"));
    await page.evaluate(() => stopSubscribing());
    await page.reload();
    await person.sees(say("alerts-stopped"));
    await look(person, tag, "65-home-alerts-stopped");
    await page.evaluate(() => localStorage.setItem("permission", "denied"));
    await page.reload();
    await person.sees(say("alerts-blocked"));
    await look(person, tag, "66-home-alerts-blocked");

    // No room for what comes.
    await page.evaluate(() => {
      const { put } = IDBObjectStore.prototype;
      globalThis.room = () => (IDBObjectStore.prototype.put = put);
      IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
    });
    await desk("grant", "Marisol", "responder");
    await person.sees(say("trouble-storage-full"));
    await look(person, tag, "67-home-no-room");
    // It stays for as long as there is none, whatever is tried meanwhile, and goes by itself.
    await pause(8_000);
    assert(await page.getByText(say("trouble-storage-full")).isVisible());
    await page.evaluate(() => globalThis.room());
    await page.getByText(say("trouble-storage-full")).waitFor({ state: "detached" });

    // A new version waits.
    await writeFile(join(app, "sw.js"), `${worker}\n// newer\n`);
    person.expected.push(/WebSocket connection|ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED/);
    await relay.stop();
    await relay.start(relay.address);
    await page.evaluate(() => navigator.serviceWorker.getRegistration().then((registration) => registration.update()));
    await person.sees(say("update-ready"));
    await look(person, tag, "68-update");

    // The core is on its way.
    await page.addInitScript(() => {
      if (sessionStorage.getItem("stuck")) WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => new Promise(() => undefined);
    });
    await page.evaluate(() => sessionStorage.setItem("stuck", "yes"));
    await page.reload();
    await person.sees(say("loading"));
    await look(person, tag, "69-opening");
    await page.evaluate(() => sessionStorage.removeItem("stuck"));

    // A relay that knows nothing of this network.
    await relay.stop();
    await rm(join(relay.directory, "data"), { recursive: true });
    await relay.start(relay.address);
    await page.reload();
    await person.sees(say("warning-refused"));
    await look(person, tag, "70-home-refused");

    person.assertQuiet();
    await context.close();
    await relay.end();
    service.end();
    await rm(directory, { recursive: true, force: true });
  });
}

async function admitAll(desk) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await desk("people");
    if ((answer.people ?? answer).some(({ state }) => state === "waiting")) return desk("admit", "--all");
    await pause(250);
  }
  throw new Error("nobody waits");
}

/** Hands a push to the app's worker as the browser would, until it has shown something. */
async function delivering(context, relay) {
  const cdp = await context.newCDPSession(await context.newPage());
  let registrationId;
  cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    registrationId = registrations.find(({ scopeURL }) => scopeURL === `${relay.origin}/`)?.registrationId ?? registrationId;
  });
  await cdp.send("ServiceWorker.enable");
  const screen = await displayed(cdp);
  return async (data) => {
    await screen.by(() => cdp.send("ServiceWorker.deliverPushMessage", { origin: relay.origin, registrationId, data }));
    await screen.settled();
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
