// Whoever comes with a link is told what became of it, on the first screen; nothing they brought or typed is lost.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Person, launch, native, startRelay } from "./stage.mjs";

const root = join(import.meta.dirname, "../..");
const TABLE = JSON.parse(readFileSync(join(root, "tests/links/manglings.json"), "utf8"));
/** The words of the screens, without arguments. */
const WORDS = Object.fromEntries([...readFileSync(join(root, "pwa/messages/en.ftl"), "utf8").matchAll(/^([\w-]+) = (.+)$/gm)].map(([, key, text]) => [key, text]));

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

/** A row's text, made of a link. */
function made(text, link) {
  const [relay, payload] = link.split("/#join=");
  const [scheme, host] = relay.split("://");
  const half = Math.floor(payload.length / 2);
  const encode = (text) => encodeURIComponent(text);
  const parts = {
    link, relay, scheme, host, payload, a: payload.slice(0, half), b: payload.slice(half), "but-one": payload.slice(0, -1),
    percent: encode(link), "percent-twice": encode(encode(link)), "relay-percent": encode(relay),
    markdown: link.replaceAll(/[_-]/g, "\\$&"), dashes: link.replaceAll("-", "\u2011"), lower: link.toLowerCase(),
    "scheme-upper": scheme.toUpperCase(), "host-upper": host.toUpperCase(),
  };
  return text.replaceAll(/\{([\w-]+)\}/g, (_, name) => parts[name]);
}

test("every mangling that is pasted is followed, or told what is wrong with it", async () => {
  const person = await Person.of(browser, relay, "Paste");
  await person.open();
  const { page } = person;
  await person.tap("Paste a link");
  const next = page.getByRole("button", { name: "Next", exact: true });
  for (const { name, text, gives } of TABLE.filter(({ text }) => text !== "")) {
    await page.getByLabel("Link").fill(made(text, invite));
    await next.click();
    // A page stands in for an address that is missing.
    if (gives === "join" || gives === "link-no-address") {
      await page.getByRole("heading", { level: 1, name: "Join Valle" }).waitFor({ timeout: 5_000 }).catch(() => assert.fail(`${name}: not followed`));
      await person.tap("Back");
      await person.sees("You have an invite to Valle. It is kept.");
      await person.tap("Paste a link");
    } else {
      await page.getByText(WORDS[`error-${gives}`]).waitFor({ timeout: 5_000 }).catch(() => assert.fail(`${name}: not told`));
    }
  }
  person.assertQuiet();
  await person.context.close();
});

test("an address that was changed leads to the invite, or says why not, before anything else", async () => {
  const payload = invite.split("#join=")[1];
  const own = relay.origin;
  const person = await Person.of(browser, relay, "Tap");
  await person.open(`${own}/?fbclid=x#join=${payload}`);
  await person.title("Join Valle");
  assert.equal(await person.page.evaluate(() => location.href), `${own}/`, "the secret has left the address");
  for (const [address, word] of [
    [`${own}/#join=${payload}.`, null],
    [`${own}/#JOIN%3D${payload})`, null],
    [`${own}/?join=${payload}`, null],
    [`${own}/#join=${payload.slice(0, -1)}`, "error-link-cut-short"],
    [`${own}/#join=${payload}A`, "error-link-damaged"],
    [`${own}/#jo`, "error-link-bare"],
  ]) {
    // Another document, as when a link is tapped in another app.
    await person.page.goto("about:blank");
    await person.page.goto(address);
    if (word === null) await person.title("Join Valle");
    else {
      await person.title("This link leads nowhere");
      await person.sees(WORDS[word]);
      await person.sees("I have an invite");
    }
  }
  await person.tap("Go on without it");
  await person.title("Campana");
  person.assertQuiet();
  await person.context.close();
});

test("no reload, no back button and no failure to load loses an invite or a name", async () => {
  const person = await Person.of(browser, relay, "Reload", { serviceWorkers: "block" });
  const { page } = person;
  person.expected.push(/ERR_FAILED/);
  await page.route(/\.wasm$/, (route) => route.abort());
  await page.goto(invite);
  await person.sees("You came with a link. It is kept, and read in a moment.");
  await person.tap("English");
  await person.title("There is a problem");
  await person.sees("You came with a link. It is kept, and read in a moment.");
  // A slow line: the strangers' screen does not come first.
  let arrive;
  const line = new Promise((resolve) => (arrive = resolve));
  await page.unroute(/\.wasm$/);
  await page.route(/\.wasm$/, (route) => line.then(() => route.continue()));
  await person.tap("Try again");
  await person.sees("Reading your invite…");
  assert.equal(await page.getByText("I have an invite").count(), 0);
  arrive();
  await person.title("Join Valle");
  await page.getByRole("textbox").fill("Lupe");
  await page.reload();
  await person.title("Join Valle");
  assert.equal(await page.getByRole("textbox").inputValue(), "Lupe");
  await page.goto("about:blank");
  await page.goBack();
  await person.title("Join Valle");
  assert.equal(await page.getByRole("textbox").inputValue(), "Lupe");
  await person.tap("Back");
  await person.tap("Go on with it");
  assert.equal(await page.getByRole("textbox").inputValue(), "Lupe");
  await person.tap("Ask to join");
  await ana.tap("Admit: Lupe");
  await person.title("Valle");
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), [], "used, it is gone");

  // A report that is being written; with a PIN nothing of it leaves memory.
  await page.getByRole("button", { name: "Report" }).click();
  await person.tap("Detaining people");
  await person.tap("Workplace");
  await page.getByLabel(/In your words/).fill("two vans");
  await page.reload();
  await page.getByLabel(/In your words/).waitFor();
  assert.equal(await page.getByLabel(/In your words/).inputValue(), "two vans");
  await person.tap("Me");
  await page.getByLabel("New PIN").fill("482913");
  await page.getByLabel("The same once more").fill("482913");
  await person.tap("Use this PIN");
  await person.sees("The app asks for a PIN when it opens.");
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
  person.assertQuiet();
  await person.context.close();
});

test("an alert shows and opens behind an invite that is of no use here; a dead store connection is opened again", async () => {
  const person = await Person.of(browser, relay, "Dora");
  await person.join(invite, "Dora");
  await ana.tap("Admit: Dora");
  await person.title("Valle");
  const { page } = person;
  const laptop = native(relay, "laptop");
  await laptop("join", "--handle", "laptop", invite).catch((error) => assert.equal(error.code, 3, error.message));
  await ana.tap("Admit: laptop");
  for (let tries = 0; tries < 40 && (await laptop("status")).view.stage !== "member"; tries += 1) await page.waitForTimeout(250);
  await ana.page.locator("summary", { hasText: "laptop" }).click();
  await ana.page.getByRole("listitem").filter({ hasText: "laptop" }).getByRole("button", { name: "Make verifier" }).click();
  const reporter = native(relay, "reporter");
  await reporter("join", "--handle", "reporter", invite).catch((error) => assert.equal(error.code, 3, error.message));
  await ana.tap("Admit: reporter");
  for (let tries = 0; tries < 40 && (await reporter("status")).view.stage !== "member"; tries += 1) await page.waitForTimeout(250);

  await page.evaluate((hash) => (location.hash = hash), new URL(invite).hash);
  await person.title("This phone is in a network already");
  // Every connection is dead, once, as on a phone that has ended the store's process in the background.
  await page.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    const dead = new WeakSet();
    IDBDatabase.prototype.transaction = function (...args) {
      if (this.name === "campana" && dead.has(this)) throw new DOMException("The database connection is closing.", "InvalidStateError");
      return transaction.apply(this, args);
    };
    const { close } = IDBDatabase.prototype;
    IDBDatabase.prototype.close = function () {
      globalThis.reopened = true;
      close.call(this);
    };
    const { get } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.get = function (...args) {
      if (!globalThis.reopened) dead.add(this.transaction.db);
      return get.apply(this, args);
    };
  });
  const { incident } = await reporter("report", "--activity", "detaining");
  await laptop("attest", incident, "--finding", "confirmed", "--method", "in-person");
  await page.getByRole("alert").getByRole("button", { name: /Alert/ }).click();
  await page.locator(`[data-incident="${incident}"], main`).first().waitFor();
  await person.title(/Alert|Verified/);
  assert.ok(await page.evaluate(() => globalThis.reopened), "the connection was opened again");
  person.assertQuiet();
  await person.context.close();
});

test("what can't be copied stands there to be selected, and \"copied\" belongs to what was copied", async () => {
  await ana.page.evaluate(() => {
    globalThis.refuse = false;
    Object.defineProperty(navigator, "clipboard", { value: { writeText: () => (globalThis.refuse ? Promise.reject(new Error("no")) : Promise.resolve()) } });
  });
  await ana.tap("Copy");
  await ana.sees("Copied");
  await ana.tap("Close");
  await ana.madeInvite("Make an invite");
  assert.equal(await ana.page.getByText("Copied").count(), 0);
  await ana.page.evaluate(() => (globalThis.refuse = true));
  await ana.tap("Copy");
  await ana.sees(WORDS["copy-failed"]);
  const selected = await ana.page.evaluate(() => document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd));
  assert.match(selected, /#join=/);
  ana.assertQuiet();
});
