// No dead end, nothing lost, nothing said that is not known: the ways through the app when something is
// not as it should be.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Person, launch, native, startRelay } from "./stage.mjs";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
let relay, browser, ana, invite;
before(async () => {
  relay = await startRelay();
  browser = await launch();
  ana = await Person.of(browser, relay, "Ana");
  await ana.found();
  await ana.tap("Committee");
  invite = await ana.madeInvite("Make an invite");
});
after(async () => {
  await browser?.close();
  await relay?.end();
});

/** Somebody in the network, at home. */
async function member(name) {
  const person = await Person.of(browser, relay, name);
  await person.join(invite, name);
  await ana.tap(`Admit: ${name}`);
  await person.title("Valle");
  return person;
}

/** A laptop in the network. */
async function laptop(name, ...roles) {
  const run = native(relay, name);
  await run("join", "--handle", name, invite).catch((error) => assert.equal(error.code, 3, error.message));
  await ana.tap(`Admit: ${name}`);
  for (let tries = 0; tries < 40 && (await run("status")).view.stage !== "member"; tries += 1) await ana.page.waitForTimeout(250);
  for (const role of roles) {
    await ana.page.locator("summary", { hasText: name }).click();
    await ana.page.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: `Make ${role}` }).click();
  }
  return run;
}

/** Works where localStorage does. */
const stored = (person) => person.page.evaluate(() => Object.keys(localStorage));

test("a tap that trembles admits one person", async () => {
  const [first, second] = await Promise.all(["Uno", "Dos"].map((name) => Person.of(browser, relay, name)));
  for (const person of [first, second]) await person.join(invite, person.name);
  await ana.sees("2 people are waiting");
  const [row] = await ana.page.getByRole("button", { name: /^Admit: / }).all();
  await row.dblclick();
  await ana.sees("One person is waiting");
  await ana.page.waitForTimeout(700);
  assert.equal(await ana.page.getByRole("button", { name: /^Admit: / }).count(), 1, "the other still waits");
  // What was just decided stands where the tap was.
  const [decided] = await ana.page.locator("main section li").all();
  await decided.getByText("member").waitFor();
  await ana.page.getByRole("button", { name: /^Admit: / }).click();
  for (const person of [first, second]) await person.title("Valle");
});

test("without a connection \"no alerts\" is said of when that was known", async () => {
  const person = await member("Elena");
  const { page } = person;
  const quiet = page.locator("section.quiet .big");
  const home = () => page.locator(".dock").waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await home();
  person.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED/);
  const inPrefs = (change) =>
    page.evaluate(
      (change) =>
        new Promise((done) => {
          indexedDB.open("campana-prefs").onsuccess = ({ target: { result: db } }) => {
            const store = db.transaction("prefs", "readwrite").objectStore("prefs");
            store.get("prefs").onsuccess = ({ target: { result } }) => (store.put({ ...result, ...change }, "prefs").onsuccess = () => done(db.close()));
          };
        }),
      change,
    );
  await person.context.setOffline(true);
  await page.waitForTimeout(300);
  for (const [caughtUpAt, text] of [[Date.now() - 2 * 3_600_000, "No alerts as of 2 h ago"], [0, "Not known yet whether there are alerts"]]) {
    await inPrefs({ caughtUpAt });
    await page.reload();
    await home();
    assert.equal(await quiet.innerText(), text);
    assert.equal(await page.getByText("Catching up").count(), 0);
  }
  await person.context.setOffline(false);
  await page.getByText("No alerts", { exact: true }).waitFor({ timeout: 20_000 });
  await person.context.close();
  person.assertQuiet();
});

test("the phone's back button goes one step back, and what is written stays", async () => {
  const person = await member("Marisol");
  const { page } = person;
  await page.getByRole("button", { name: "Report" }).click();
  await person.tap("Detaining people");
  await person.tap("Workplace");
  await page.getByLabel(/In your words/).fill("two vans");
  await page.goBack();
  await person.title("Where?");
  await page.goBack();
  await person.title("What do you see?");
  await person.tap("Knocking on doors");
  await person.tap("Home");
  await page.getByText("Knocking on doors").waitFor();
  assert.equal(await page.getByLabel(/In your words/).inputValue(), "two vans");

  // A phone that is full says so above it.
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    globalThis.room = () => (IDBObjectStore.prototype.put = put);
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  person.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED/);
  await person.context.setOffline(true);
  await person.sees("Offline –");
  await page.waitForTimeout(300);
  await person.hold(/^Send/);
  await person.sees("This phone has no room left");
  await page.evaluate(() => globalThis.room());
  assert.equal(await page.getByLabel(/In your words/).inputValue(), "two vans");
  // What says so comes and goes above the button.
  await page.locator("button.hold").focus();
  for (let press = 0; press < 2; press += 1) await page.keyboard.press("Enter");
  await person.title("Waiting to be sent: it goes as soon as there is a connection");
  await person.context.setOffline(false);
  await person.title("Sent to your verifiers");
  await page.goBack();
  await person.title("What do you see?");
  await person.context.close();
  person.assertQuiet();
});

test("no drill hides an alert", async () => {
  const [reporter, verifier] = [await laptop("reporter"), await laptop("verifier", "verifier")];
  const person = await member("Dora");
  const raise = async (...drill) => {
    const { incident } = await reporter("report", "--activity", "detaining", ...drill);
    await verifier("attest", incident, "--finding", "confirmed", "--method", "in-person");
    await person.page.locator(`[data-incident="${incident}"]`).waitFor({ timeout: 20_000 });
    return incident;
  };
  const real = await raise();
  for (let drill = 0; drill < 3; drill += 1) await raise("--drill");
  const shown = await person.page.locator("main article").evaluateAll((articles) => articles.map(({ className, dataset }) => [dataset.incident, className.includes("big")]));
  assert.deepEqual(shown[0], [real, true]);
  assert.equal(shown.length, 4);
  await person.page.getByRole("heading", { name: "Earlier" }).waitFor();

  // What a notification is about may not have come yet.
  await person.page.goto(`${relay.origin}/#open=nothing-like-it`);
  await person.title("Not here yet");
  await person.page.locator("main").getByRole("button", { name: "Home" }).click();
  await person.title("Valle");
  await person.context.close();
  person.assertQuiet();
});

test("a tap that trembles signs nothing", async () => {
  const person = await member("Vera");
  await ana.page.locator("summary", { hasText: "Vera" }).click();
  await ana.page.getByRole("listitem").filter({ hasText: "Vera" }).getByRole("button", { name: "Make verifier" }).click();
  await person.page.getByRole("button", { name: /Desk/ }).waitFor({ timeout: 20_000 });
  await person.tap(/Desk/);
  const reporter = native(relay, "reporter");
  const report = async () => {
    const { incident } = await reporter("report", "--activity", "watching");
    await person.page.locator(`[data-task="${incident}"]`).waitFor({ timeout: 20_000 });
    return incident;
  };
  const first = await report();
  const task = person.page.locator(`[data-task="${first}"]`);
  await task.getByRole("button", { name: "Confirmed" }).dblclick();
  await person.page.waitForTimeout(700);
  await task.getByText("How did you check? · Confirmed").waitFor();
  assert.equal(await task.getByText("You signed").count(), 0);
  // What comes stands below.
  const { y } = await task.boundingBox();
  const second = await report();
  assert.equal((await task.boundingBox()).y, y);
  assert((await person.page.locator(`[data-task="${second}"]`).boundingBox()).y > y);
  await task.getByRole("button", { name: "In person" }).click();
  await task.getByText("You signed: Confirmed").waitFor();
  assert.match(await person.page.evaluate(() => document.activeElement.textContent), /You signed: Confirmed/);
  await person.context.close();
  person.assertQuiet();
});

test("a member never sees the first screen of strangers", async () => {
  const person = await member("Fabi");
  await person.page.addInitScript(() => {
    globalThis.titles = new Set();
    new MutationObserver(() => titles.add(document.querySelector("h1")?.textContent)).observe(document, { childList: true, subtree: true });
  });
  await person.page.waitForTimeout(300);
  await person.page.reload();
  await person.title("Valle");
  const titles = await person.page.evaluate(() => [...titles]);
  assert.deepEqual(titles.filter((title) => title && title !== "Opening…"), ["Valle"]);
  // An invite is of no use here, and that is said.
  await person.page.goto(invite);
  await person.title("This phone is in a network already");
  await person.tap("Home");
  await person.title("Valle");

  // Removed, there is a way back in.
  await ana.page.locator("summary", { hasText: "Fabi" }).click();
  await ana.page.getByRole("listitem").filter({ hasText: "Fabi" }).getByRole("button", { name: "Remove from the network" }).click();
  const dialog = ana.page.getByRole("dialog");
  await dialog.waitFor();
  await ana.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await ana.page.getByRole("listitem").filter({ hasText: "Fabi" }).getByRole("button", { name: "Remove from the network" }).click();
  await dialog.getByRole("button", { name: "Remove from the network" }).click();
  await person.title("You are no longer in this network");
  await person.tap("Paste a link");
  await person.page.getByLabel("Link").fill(invite);
  await person.tap("Next");
  await person.page.getByLabel("What should the committee call you?").fill("Fabi 2");
  await person.tap("Ask to join");
  await person.title("You are in the waiting room");
  // The waiting room has other doors.
  await person.page.locator("summary", { hasText: "Use another invite" }).click();
  await person.page.getByRole("button", { name: "Paste a link" }).waitFor();
  await person.page.getByRole("button", { name: "Stop waiting" }).waitFor();
  await ana.tap("Decline: Fabi 2");
  await person.title("Not admitted");
  await person.page.getByRole("button", { name: "Scan a code" }).waitFor();
  // Once more, and then not after all.
  await person.tap("Paste a link");
  await person.page.getByLabel("Link").fill(invite);
  await person.tap("Next");
  await person.page.getByLabel("What should the committee call you?").fill("Fabi 3");
  await person.tap("Ask to join");
  await person.title("You are in the waiting room");
  await person.page.locator("summary", { hasText: "Use another invite" }).click();
  await person.tap("Stop waiting");
  await person.title("Campana");
  await person.page.reload();
  await person.title("Campana");
  await person.context.close();
  person.assertQuiet();
});

test("an invite of another relay leads there", async () => {
  const person = await Person.of(browser, relay, "stray");
  const elsewhere = invite.replace("127.0.0.1", "localhost");
  await person.open();
  await person.tap("Paste a link");
  await person.page.getByLabel("Link").fill(elsewhere);
  await person.tap("Next");
  await person.title("This invite belongs to another server");
  assert.equal(await person.page.locator("a.main").getAttribute("href"), elsewhere);
  await person.tap("Back");
  await person.sees("I have an invite");
  person.assertQuiet();
});

test("on an iPhone the app comes to the home screen before joining", async () => {
  const person = await Person.of(browser, relay, "iPhone", { userAgent: IPHONE, permissions: ["clipboard-read", "clipboard-write"] });
  await person.open(invite);
  await person.title("Join Valle");
  const steps = await person.page.locator("ol li").allInnerTexts();
  assert.match(steps[0], /Tap Share, at the bottom of Safari/);
  assert.equal(await person.page.getByRole("textbox").count(), 0, "not yet");
  await person.tap("Copy the invite");
  await person.sees("Copied");
  assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), invite);
  await person.page.locator("summary", { hasText: "Go on here, without alerts" }).click();
  await person.page.getByRole("textbox").fill("Ines");
  await person.tap("Ask to join");
  await person.title("You are in the waiting room");
  await ana.tap("Decline: Ines");
  person.assertQuiet();
});

test("an empty field is said so in the reader's language", async () => {
  const person = await Person.of(browser, relay, "empty", { locale: "en-US", language: "Español" });
  await person.open(invite);
  await person.tap("Pedir unirme");
  await person.sees("Escribe un nombre o un apodo.");
  assert.equal(await person.page.evaluate(() => document.activeElement.tagName), "INPUT");
  person.assertQuiet();
});

test("without a place for settings the app opens; without words it says so", async () => {
  const person = await Person.of(browser, relay, "private");
  await person.page.addInitScript(() =>
    Object.defineProperty(globalThis, "localStorage", {
      get() {
        throw new DOMException("no", "SecurityError");
      },
    }),
  );
  await person.open();
  await person.sees("I have an invite");
  person.assertQuiet();

  const other = await Person.of(browser, relay, "lost", { locale: "es-MX", serviceWorkers: "block" });
  other.expected.push(/ERR_FAILED/);
  await other.page.route(/assets\/es-/, (route) => route.abort());
  await other.page.goto(relay.origin);
  await other.title("Choose your language");
  await other.tap("Español");
  await other.sees("That could not be loaded. Check the connection and try again.");
  await other.page.route(/assets\/en-/, (route) => route.abort());
  await other.page.reload();
  await other.sees("Intentar otra vez · Try again");
  await other.page.unroute(/assets\/en-/);
  await other.tap(/Try again/);
  await other.title("Choose your language");
  other.assertQuiet();
});

test("beginning anew deletes what it says", async () => {
  const person = await member("Gabi");
  await person.tap("Me");
  await person.tap("Light");
  await person.page.locator("summary", { hasText: "Put the app on" }).click();
  await person.page.getByLabel(/neutral name/).check();
  await person.page.getByLabel("New PIN").fill("1");
  await person.tap("Use this PIN");
  await person.sees("The PIN needs six digits or more.");
  await person.page.getByLabel("New PIN").fill("482913");
  await person.page.getByLabel("The same once more").fill("482913");
  await person.tap("Use this PIN");
  await person.sees("The app asks for a PIN when it opens.");
  await person.page.reload();
  await person.title("Enter your PIN");
  await person.page.getByText("I forgot my PIN").click();
  await person.tap("Start over on this device");
  await person.tap("Start over on this device");
  await person.title("Choose your language");
  assert.deepEqual((await stored(person)).filter((key) => key !== "campana-store"), []);
  const prefs = await person.page.evaluate(
    () => new Promise((done) => (indexedDB.open("campana-prefs").onsuccess = ({ target }) => (target.result.transaction("prefs").objectStore("prefs").get("prefs").onsuccess = (event) => done(event.target.result ?? null)))),
  );
  assert.equal(prefs?.neutral ?? false, false);
  assert.equal(prefs?.member ?? false, false);
  person.assertQuiet();
  ana.assertQuiet();
});
