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

/** An alert, as a core says it. */
const ALERT = {
  id: "rDCJtehlAAAAAAAAAAAAAA", status: "verified", drill: false, mine: false, words: undefined, missing: 0, said: [], notice: "alert",
  report: { reported_at: Date.now(), activities: ["detaining"], zone: 1, zone_name: "Holyoke", size: "2-5", setting: "street", units: [], when: "now", equipment: [] },
  attestations: [["in-person", 0], ["photo-and-call", 1]].map(([method, ago]) => ({ finding: "confirmed", method, at: Date.now() - ago * 60_000, mine: false })),
  updated_at: Date.now(), at: Date.now(), past: false, recent: true, quiet: false, coverage: { phones: 41, members: 57 },
  disputed: false, may_attest: false, may_change: false, may_follow_up: true,
};

/** What a core says seldom, as changes of what it says now: name, place and heading of each picture. */
const SELDOM = {
  "71-desk-nobody": { place: "desk", change: (view) => { view.desk = { ...view.desk, on_call: 0, proved: 0 }; } },
  "72-desk-on-call": { place: "desk", change: (view) => { view.desk = { ...view.desk, duty: "on-call", registered: true, rings: true, from: 1_320, to: 420, on_call: 2, proved: 1 }; }, heading: "oncall-title" },
  "73-desk-off-call": { place: "desk", change: (view) => { view.desk = { ...view.desk, duty: "off", on_call: 1, proved: 0 }; }, heading: "oncall-title" },
  "74-desk-cover": { place: "desk", change: (view) => { view.desk = { ...view.desk, duty: "cover", registered: true, on_call: 1, proved: 1 }; }, heading: "oncall-title" },
  "75-committee-nobody": { place: "committee", change: () => undefined },
  "76-committee-drafts": {
    place: "committee",
    change(view) {
      const [person] = view.committee.people;
      const named = { name: person.handle, code: person.code };
      const draft = (id, operations, more = {}) => ({ id, operations, signatures: 1, needed: 2, signed: false, author: named, mine: false, trouble: undefined, ...more });
      view.committee.drafts = [
        draft("a", [{ constitute: { threshold: 2, committee: 3, adds: [named], drops: [named] } }]),
        draft("b", [{ desk: { readable: false } }, { remove: { ...named, other_leaf: false } }], { trouble: "desk" }),
        draft("c", [{ rule: 2 }], { signed: true }),
        draft("d", ["unknown"], { trouble: "update-needed" }),
        draft("e", [{ remove: { ...named, other_leaf: true } }], { trouble: "other-leaf" }),
        draft("f", [{ grant: { role: "verifier", ...named } }], { mine: true, signed: true }),
      ];
    },
    heading: "drafts-title",
  },
  "77-committee-rules": { place: "committee", change: (view) => { view.committee.new_rules = 2; }, heading: "rules-title" },
  "78-warnings-alerts": { place: "home", change: (view) => { view.warnings = ["unread", "astray"]; view.unread = 2; } },
  "79-warnings-owners": { place: "home", change: (view) => { view.warnings = ["locked-out", "owner-replaced"]; } },
  "80-warnings-forged": {
    place: "home",
    change(view) {
      view.warnings = ["forged-alert", "forked"];
      view.suspicions = [{ warning: "forged-alert", count: 3, at: Date.now() - 7_200_000, leaf: "1f", name: undefined }];
    },
  },
  "81-warnings-app": { place: "home", change: (view) => { view.warnings = ["update-needed", "alert-refused", "clock-off"]; } },
  "82-warnings-device": { place: "home", change: (view) => { view.warnings = ["rolled-back", "behind", "relay-full"]; } },
  "83-alerts-refused": { place: "me", change: (view) => { view.alerts = { ...view.alerts, state: "refused" }; }, heading: "alerts-title" },
  "84-home-alerts-refused": { place: "home", change: (view) => { view.alerts = { ...view.alerts, state: "refused" }; } },
  "85-said-all-clear": { place: "home", change: (view) => { view.incidents[0].said = [{ kind: "all-clear", count: 1, missing: 1, mine: false }]; } },
  "86-said-mistake": { place: "incident", change: (view) => { view.incidents[0].said = [{ kind: "false-alarm", count: 1, missing: 1, mine: true }]; }, heading: "follow-up-title" },
};

for (const [tag, language, locale] of LANGUAGES) {
  test(`what is seldom so, in ${language}`, async () => {
    const say = words(tag);
    const relay = await startRelay();
    const founder = await Person.of(browser, relay, "Ana", { locale, language, deviceScaleFactor: 1 });
    const { page, context } = founder;
    await founder.open(relay.invitation);
    await page.getByLabel(say("start-name")).fill("Valle Solidario");
    await page.getByText(say("start-committee-one"), { exact: true }).click();
    await founder.tap(say("start-go"));
    await founder.title("Valle Solidario");
    await founder.tap(new RegExp(say("committee")));
    const invite = await founder.madeInvite(say("invite-make"));
    const vera = await Person.of(browser, relay, "Vera", { locale, language, deviceScaleFactor: 1 });
    await vera.join(invite, "Vera");
    await founder.tap(`${say("admit")}: Vera`);
    await vera.title("Valle Solidario");
    await vera.context.close();

    // A second window, which the first tells what the core sees: here, what it seldom sees.
    const second = await founder.newPage();
    await second.goto(relay.origin);
    await second.getByRole("button", { name: say("me"), exact: true }).waitFor();
    const other = Object.assign(Object.create(founder), { page: second });
    const sight = await page.evaluate(
      () =>
        new Promise((done) => {
          const channel = new BroadcastChannel("campana");
          channel.onmessage = ({ data }) => data.sight && (channel.close(), done(data.sight));
          channel.postMessage({ asked: true });
        }),
    );
    let generation = 1_000_000;
    for (const [name, { place, change, heading }] of Object.entries(SELDOM)) {
      const view = structuredClone(sight.view);
      view.roles = ["committee", "verifier"];
      view.desk = { duty: "off", from: 0, to: 0, registered: false, rings: false, may: true, on_call: 0, proved: 0, waiting: 0, ...view.desk, may: true };
      view.alerts = { ...view.alerts, state: "on", proved_at: Date.now() - 3_600_000 };
      view.warnings = [];
      view.incidents = [structuredClone(ALERT)];
      change(view);
      generation += 1;
      await page.evaluate((sight) => new BroadcastChannel("campana").postMessage({ sight }), { ...sight, view, generation });
      const to = { home: say("home"), desk: say("desk"), committee: say("committee"), me: say("me") }[place === "incident" ? "home" : place];
      await second.locator("nav button", { hasText: to }).last().click();
      if (place === "incident") await second.getByRole("button", { name: say("more") }).first().click();
      await second.waitForTimeout(100);
      await look(other, tag, name, heading && say(heading));
    }
    founder.assertQuiet();
    await context.close();
    await relay.end();
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
