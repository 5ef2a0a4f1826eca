// Every screen in both languages, as a network of six comes to it; and what is seldom seen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { LANGUAGES, look, words } from "./look.mjs";
import { Person, launch, startRelay } from "./stage.mjs";

let relay, browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const DEVICES = {
  "iphone-safari": `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${APPLE} Version/18.5 Mobile/15E148 Safari/604.1`,
  "iphone-other": `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${APPLE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1`,
  ipad: `Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) ${APPLE} Version/18.5 Mobile/15E148 Safari/604.1`,
  "android-chrome": "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
  "android-samsung": "Mozilla/5.0 (Linux; Android 14; SM-A155M) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
  "android-firefox": "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
  "in-app": `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${APPLE} Mobile/15E148 Instagram 390.0.0.28.85`,
};

/** What makes a browser refuse in each way, before the page runs. */
const TROUBLES = {
  "storage-full": () => (IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError"); }),
  "storage-cleared": () => localStorage.setItem("campana-store", "1"),
  "storage-newer": () => (IDBFactory.prototype.open = () => { throw new DOMException("", "VersionError"); }),
  "storage-refused": () => (IDBFactory.prototype.open = () => { throw new DOMException("", "SecurityError"); }),
  "core-failed": () => (WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => Promise.reject(new Error("no"))),
  "storage-silent": () => {
    const { open } = IDBFactory.prototype;
    IDBFactory.prototype.open = function (...how) {
      return Object.assign(open.apply(this, how), { addEventListener: () => undefined });
    };
  },
  "needs-https": () => Object.defineProperty(globalThis, "isSecureContext", { value: false }),
  "no-wasm": () => Object.defineProperty(globalThis, "WebAssembly", { value: undefined }),
  "browser-too-old": () => Object.defineProperty(crypto, "subtle", { value: undefined }),
};

for (const [tag, language, locale] of LANGUAGES) {
  test(`every screen in ${language}`, async () => {
    const say = words(tag);
    relay = await startRelay();
    const of = (name) => Person.of(browser, relay, name, { locale, language, deviceScaleFactor: 1 });
    const [founder, second, verifier, member] = await Promise.all(["Ana", "Beto", "Vera", "Marisol"].map(of));

    await founder.page.goto(relay.origin);
    await founder.page.getByRole("button", { name: language }).waitFor();
    await look(founder, tag, "01-language");
    await founder.tap(language);
    await founder.sees(say("have-invite"));
    await look(founder, tag, "02-welcome");
    await founder.page.getByRole("button", { name: say("paste-link") }).click();
    await founder.page.getByLabel(say("link-label")).fill("https://nothing.example");
    await founder.tap(say("next"));
    await founder.sees(say("error-link-bare"));
    await look(founder, tag, "03-welcome-wrong-link");
    await founder.page.getByLabel(say("link-label")).fill(relay.invitation);
    await founder.tap(say("next"));
    await founder.title(say("start-title"));
    await founder.page.getByLabel(say("start-name")).fill("Valle Solidario");
    await look(founder, tag, "04-start");
    await founder.page.getByText(say("start-committee-of", { k: 2, n: 3 }), { exact: true }).click();
    await founder.tap(say("start-go"));
    await founder.title(say("founding-title"));
    const committee = await founder.madeInvite(say("invite-make-committee"));
    const third = await of("Carla");
    await second.join(committee, "Beto");
    await third.join(committee, "Carla");
    await founder.sees("Carla");
    await look(founder, tag, "05-founding");
    await founder.tap(say("admit-all", { n: 2 }));
    await founder.title("Valle Solidario");

    await founder.tap(new RegExp(say("committee")));
    const invite = await founder.madeInvite(say("invite-make"));
    await founder.page.locator("canvas").waitFor();
    await look(founder, tag, "06-invite");
    await member.page.goto(invite);
    await member.tap(language);
    await member.title(say("join-title", { name: "Valle Solidario" }));
    await member.page.getByRole("textbox").fill("Marisol");
    await look(member, tag, "07-join");
    await member.tap(say("join-go"));
    await member.title(say("stage-waiting"));
    await look(member, tag, "08-waiting");
    await verifier.join(invite, "Vera");
    await founder.sees("Vera");
    await look(founder, tag, "09-committee-queue");
    await founder.tap(say("admit-all", { n: 2 }));
    await member.title("Valle Solidario");
    await look(member, tag, "10-home");

    for (const name of ["Holyoke", "Northampton", "Greenfield"]) {
      await founder.tap(say("zones-add"));
      await founder.page.getByLabel(say("zones-new")).last().fill(name);
    }
    await founder.tap(say("zones-save"));
    await founder.page.getByLabel(say("hotline-number")).fill("+1 413-555-0100");
    await founder.tap(say("hotline-save"));
    await founder.page.locator("summary", { hasText: "Vera" }).click();
    await founder.tap(say("grant-role", { role: say("role-verifier") }));
    await founder.sees(say("signatures", { have: 1, need: 2 }));
    await founder.page.locator("li.draft").nth(2).waitFor();
    await look(founder, tag, "11-committee-drafts", say("drafts-title"));
    await second.tap(new RegExp(say("committee")));
    for (const left of [3, 2, 1]) {
      await second.page.getByRole("button", { name: say("sign"), exact: true }).first().click();
      await second.page.waitForFunction((n) => document.querySelectorAll("li.draft").length < n, left, { timeout: 20_000 });
    }
    const call = member.page.getByRole("link", { name: say("hotline-call", { number: "+1 413-555-0100" }) });
    await call.waitFor({ timeout: 20_000 });
    assert.equal(await call.getAttribute("href"), "tel:+14135550100");
    await verifier.page.getByRole("button", { name: new RegExp(say("desk")) }).waitFor({ timeout: 20_000 });
    await verifier.tap(new RegExp(say("desk")));
    await look(verifier, tag, "12-desk-empty");

    const report = async (drill) => {
      await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
      if (drill) await member.tap(say("report-drill"));
      await look(member, tag, drill ? "20-report-drill" : "13-report-what");
      await member.tap(say("activity-detaining"));
      if (!drill) await look(member, tag, "14-report-where");
      await member.tap("Holyoke");
      await member.page.getByLabel(say("report-words")).fill("…");
      if (!drill) await member.page.locator("summary", { hasText: say("more") }).click();
      await look(member, tag, drill ? "21-report-drill-send" : "15-report-send");
      await member.hold(new RegExp(say("report-send")));
      await member.title(say("report-done"));
      if (!drill) await look(member, tag, "16-report-done");
      await member.tap(say("home"));
    };
    await report(false);
    await verifier.page.getByRole("button", { name: say("finding-confirmed"), exact: true }).waitFor({ timeout: 20_000 });
    await look(verifier, tag, "17-desk-task");
    await verifier.tap(say("finding-confirmed"));
    await look(verifier, tag, "18-desk-how");
    await verifier.tap(say("method-in-person"));
    await verifier.sees(say("missing", { n: 1 }));
    await look(verifier, tag, "19-desk-signed");

    // The second confirmation is Beto's, who becomes a verifier too.
    await founder.page.locator("summary", { hasText: "Beto" }).click();
    await founder.page.getByRole("listitem").filter({ hasText: "Beto" }).getByRole("button", { name: say("grant-role", { role: say("role-verifier") }) }).click();
    await second.tap(say("sign"));
    await second.page.getByRole("button", { name: new RegExp(say("desk")) }).waitFor({ timeout: 20_000 });
    await report(true);
    await second.tap(new RegExp(say("desk")));
    await second.sees(say("drill"));
    await look(second, tag, "22-desk-drill");
    for (const person of [second, verifier]) {
      await person.page.locator(".task", { hasText: say("drill") }).getByRole("button", { name: say("finding-confirmed"), exact: true }).click();
      await person.tap(say("method-live-video"));
    }
    await member.sees(say("verified-by", { n: 2 }));
    await look(member, tag, "23-home-drill");

    const real = await of("Elena");
    await real.join(invite, "Elena");
    await founder.tap(say("admit"), { exact: false });
    await real.title("Valle Solidario");
    await second.page.getByRole("button", { name: say("finding-confirmed"), exact: true }).first().waitFor({ timeout: 20_000 }).catch(() => undefined);
    const open = second.page.getByRole("button", { name: say("finding-confirmed"), exact: true });
    if (await open.count()) {
      await open.first().click();
      await second.tap(say("method-photo-and-call"));
    } else {
      // Beto came to the desk after the first report: a new one then.
      await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
      await member.tap(say("activity-loading"));
      await member.tap("Northampton");
      await member.hold(new RegExp(say("report-send")));
      await member.tap(say("home"));
      for (const person of [second, verifier]) {
        await person.page.getByRole("button", { name: say("finding-confirmed"), exact: true }).last().click();
        await person.tap(say("method-photo-and-call"));
      }
    }
    await real.sees(say("verified-by", { n: 2 }));
    await look(real, tag, "24-home-alert");
    await real.tap(say("more"));
    await look(real, tag, "25-alert");
    await verifier.tap(new RegExp(say("home")));
    await verifier.page.locator("article.verified").getByRole("button", { name: say("more") }).first().click();
    await verifier.page.locator("button.hold").first().scrollIntoViewIfNeeded();
    await look(verifier, tag, "26-follow-up");
    await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
    await verifier.hold(new RegExp(`^${say("follow-up-all-clear")}`));
    await second.tap(new RegExp(say("home")));
    await second.page.locator("article.verified").getByRole("button", { name: say("more") }).first().click();
    await second.hold(new RegExp(`^${say("follow-up-all-clear")}`));
    await real.title(say("headline-all-clear"));
    await look(real, tag, "27-all-clear");
    await real.tap(say("back"));
    await look(real, tag, "28-home-all-clear");
    await real.tap(say("me"));
    await look(real, tag, "29-me");
    await real.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await real.page.locator("summary", { hasText: say("release-title") }).click();
    await real.page.getByTestId("release").getByText(/^([0-9a-f]{4} ?){8}$/).waitFor();
    await look(real, tag, "34-me-release", say("limits-title"));
    await real.tap(say("guide"));
    await real.page.locator(".guide blockquote").waitFor();
    await look(real, tag, "35-guide");
    await real.tap(say("back"));
    await member.page.locator(".news").waitFor({ timeout: 20_000 });
    await look(member, tag, "30-news");
    const { page } = founder;
    await page.getByRole("button", { name: `${say("zones-retire")}: Northampton` }).click();
    await page.getByLabel(say("zone-number", { n: 1 }), { exact: true }).fill("Holyoke Centro");
    await founder.tap(say("zones-save"));
    await page.getByText(say("draft-zone-retire", { name: "Northampton" })).waitFor();
    await look(founder, tag, "31-committee-zones", say("zones-title"));

    await real.page.getByLabel(say("pin-new")).fill("482913");
    await real.page.getByLabel(say("pin-again")).fill("482914");
    await look(real, tag, "32-pin", say("pin-title"));
    await real.page.getByLabel(say("pin-again")).fill("482913");
    await real.tap(say("pin-set"));
    await real.sees(say("pin-is-set"));
    await real.page.reload();
    await real.page.getByLabel(say("pin"), { exact: true }).fill("1");
    await real.tap(say("unlock"));
    await real.sees(say("pin-wrong"));
    await real.page.getByText(say("pin-forgotten")).click();
    await look(real, tag, "33-unlock");

    for (const person of [founder, second, third, verifier, member, real]) {
      person.assertQuiet();
      await person.context.close();
    }
    await relay.end();
  });
}

for (const [tag, language, locale] of LANGUAGES) {
  test(`what is seldom seen, in ${language}`, async () => {
    const say = words(tag);
    const relay = await startRelay();
    const of = (name, options = {}) => Person.of(browser, relay, name, { locale, language, deviceScaleFactor: 1, ...options });
    const done = async (person) => {
      person.assertQuiet();
      await person.context.close();
    };

    for (const [device, userAgent] of Object.entries(DEVICES)) {
      const person = await of(device, { userAgent });
      await person.open();
      await person.title(say("app-name"));
      const guide = person.page.locator("summary", { hasText: say("install-title") });
      if (await guide.count()) await guide.click();
      await person.page.locator("ol li").first().waitFor();
      await look(person, tag, `40-install-${device}`, (await guide.count()) ? "ol" : say(device === "in-app" ? "in-app-title" : "install-title"));
      await done(person);
    }

    for (const [trouble, init] of Object.entries(TROUBLES)) {
      const person = await of(trouble);
      await person.page.addInitScript(init);
      await person.open();
      await person.sees(say(`trouble-${trouble}`));
      await look(person, tag, `41-trouble-${trouble}`);
      await done(person);
    }

    const founder = await of("Ana");
    await founder.open(relay.invitation);
    await founder.page.getByLabel(say("start-name")).fill("Valle Solidario");
    await founder.page.getByText(say("start-committee-one"), { exact: true }).click();
    await founder.tap(say("start-go"));
    await founder.title("Valle Solidario");
    const late = await of("late");
    await late.open(relay.invitation);
    await late.page.getByLabel(say("start-name")).fill("Otra");
    await late.tap(say("start-go"));
    await late.title(say("stage-invitation-refused"));
    await look(late, tag, "42-ended-invitation-refused");
    await late.page.getByRole("button", { name: say("scan-code") }).click();
    await late.sees(say("camera-none"));
    await look(late, tag, "43-scanner-no-camera");
    await late.tap(say("cancel"));
    await late.tap(say("paste-link"));
    await late.page.getByLabel(say("link-label")).fill(relay.invitation.replace("127.0.0.1", "localhost"));
    await late.tap(say("next"));
    await late.title(say("link-elsewhere"));
    await look(late, tag, "59-link-elsewhere");
    await done(late);

    await founder.tap(new RegExp(say("committee")));
    const invite = await founder.madeInvite(say("invite-make"));
    const member = await of("Marisol");
    await member.join(invite, "Marisol");
    await member.title(say("stage-waiting"));
    await member.page.locator("summary", { hasText: say("waiting-other") }).click();
    await look(member, tag, "44-waiting-other");
    await founder.tap(`${say("admit")}: Marisol`);
    await member.title("Valle Solidario");
    const declined = await of("Nadie");
    await declined.join(invite, "Nadie");
    await founder.tap(`${say("decline")}: Nadie`);
    await declined.title(say("stage-declined"));
    await look(declined, tag, "45-ended-declined");
    await done(declined);
    await look(founder, tag, "46-queue-decided");
    await founder.page.locator("summary", { hasText: "Marisol" }).click();
    await look(founder, tag, "47-person", say("people-title"));
    await founder.tap(say("remove-person"));
    await founder.page.getByRole("dialog").waitFor();
    await look(founder, tag, "48-remove");
    await founder.tap(say("cancel"));
    await founder.page.locator("summary", { hasText: say("invite-active") }).click();
    await founder.tap(say("invite-revoke"));
    const revoked = await of("Tarde");
    await revoked.join(invite, "Tarde");
    await revoked.title(say("stage-invite-revoked"));
    await look(revoked, tag, "49-ended-invite-revoked");
    await done(revoked);

    await member.page.goto(invite);
    await member.title(say("link-member"));
    await look(member, tag, "50-link-member");
    await member.tap(say("home"));
    await member.page.goto(`${relay.origin}/#open=nothing`);
    await member.title(say("incident-missing"));
    await look(member, tag, "51-incident-missing");
    await member.tap(say("home"));
    await member.title("Valle Solidario");

    // Without a network.
    await member.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    member.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED/);
    await member.context.setOffline(true);
    await member.sees(say("link-offline"));
    await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
    await member.tap(say("activity-watching"));
    await member.tap(say("setting-street"));
    await member.page.evaluate(() => {
      const { put } = IDBObjectStore.prototype;
      globalThis.room = () => (IDBObjectStore.prototype.put = put);
      IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
    });
    await member.hold(new RegExp(say("report-send")));
    await member.sees(say("error-storage-full"));
    await member.page.evaluate(() => globalThis.room());
    await look(member, tag, "52-report-no-room");
    await member.page.locator("button.hold").focus();
    for (let press = 0; press < 2; press += 1) await member.page.keyboard.press("Enter");
    await member.title(say("report-done-waiting"));
    await look(member, tag, "53-report-waiting");
    await member.tap(say("home"));
    await member.sees(say("unsent", { n: 1 }));
    await look(member, tag, "54-home-offline");
    for (const [name, caughtUpAt] of [["55-home-known", Date.now() - 2 * 3_600_000], ["56-home-unknown", 0]]) {
      await member.page.evaluate(
        (caughtUpAt) =>
          new Promise((done) => {
            indexedDB.open("campana-prefs").onsuccess = ({ target: { result: db } }) => {
              const store = db.transaction("prefs", "readwrite").objectStore("prefs");
              store.get("prefs").onsuccess = ({ target: { result } }) => (store.put({ ...result, caughtUpAt }, "prefs").onsuccess = () => done(db.close()));
            };
          }),
        caughtUpAt,
      );
      await member.page.reload();
      await member.sees(caughtUpAt ? say("home-known-help") : say("home-unknown"));
      await look(member, tag, name);
    }
    await member.context.setOffline(false);
    await member.sees(say("home-quiet"));

    await founder.tap(say("remove-person"));
    await founder.page.getByRole("dialog").getByRole("button", { name: say("remove-person") }).click();
    await member.title(say("stage-removed"));
    await look(member, tag, "57-ended-removed");
    await done(member);

    // Rows that nobody wrote.
    await founder.page.evaluate(
      () =>
        new Promise((done) => {
          indexedDB.open("campana").onsuccess = ({ target: { result: db } }) => {
            const rows = db.transaction("rows", "readwrite").objectStore("rows");
            rows.openCursor().onsuccess = ({ target: { result } }) => (result.update(new Uint8Array(64)).onsuccess = () => done(db.close()));
          };
        }),
    );
    await founder.page.reload();
    await founder.sees(say("trouble-storage-damaged"));
    await look(founder, tag, "58-trouble-storage-damaged");
    await done(founder);
    await relay.end();
  });
}
