// The app behind a PIN: what is stored opens with it alone, and whoever has lost it begins anew.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Person, launch, startRelay } from "./stage.mjs";

const PIN = "482913";
let relay, browser;
before(async () => {
  relay = await startRelay();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await relay?.end();
});

/** A founder's phone, locked with the PIN and opened anew. */
async function locked(name) {
  relay = (await relay?.end(), await startRelay());
  const person = await Person.of(browser, relay, name);
  await person.found();
  await person.tap("Me");
  await person.page.getByLabel("New PIN").fill(PIN);
  await person.page.getByLabel("The same once more").fill(PIN);
  await person.tap("Use this PIN");
  await person.sees("The app asks for a PIN when it opens.");
  await person.page.reload();
  await person.title("Enter your PIN");
  return person;
}

async function type(person, pin, button = "Open") {
  await person.page.getByLabel("PIN", { exact: true }).fill(pin);
  await person.tap(button);
}

test("it opens with the PIN and with nothing else", async () => {
  const person = await locked("Ana");
  // What the browser keeps gives no key away, even to whoever runs it.
  const bytes = await person.page.evaluate(async () => {
    const db = await new Promise((done) => (indexedDB.open("campana").onsuccess = (event) => done(event.target.result)));
    const read = db.transaction("about").objectStore("about").get("vault");
    const { key, iv, wrapped } = await new Promise((done) => (read.onsuccess = () => done(read.result)));
    db.close();
    return (await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, wrapped)).byteLength;
  });
  assert.ok(bytes > 32, "what is wrapped is sealed");
  await type(person, "482914");
  await person.sees("Wrong PIN.");
  await type(person, PIN);
  await person.title("Valle");

  // Taken away only by whoever knows it.
  await person.tap("Me");
  await type(person, "000000", "Remove the PIN");
  await person.sees("Wrong PIN.");
  await type(person, PIN, "Remove the PIN");
  await person.page.getByLabel("New PIN").waitFor();
  await person.page.reload();
  await person.title("Valle");
  person.assertQuiet();
});

test("another window of an app that was locked is locked too", async () => {
  const person = await locked("Bea");
  await type(person, PIN);
  await person.title("Valle");
  await person.tap("Me");
  await type(person, PIN, "Remove the PIN");
  await person.page.getByLabel("New PIN").waitFor();
  const other = await person.newPage();
  await other.goto(relay.origin);
  await other.getByRole("heading", { level: 1, name: "Valle" }).waitFor();
  await person.page.bringToFront();
  await person.page.getByLabel("New PIN").fill(PIN);
  await person.page.getByLabel("The same once more").fill(PIN);
  await person.tap("Use this PIN");
  await other.getByRole("heading", { level: 1, name: "Enter your PIN" }).waitFor();
  person.assertQuiet();
});

test("out of sight for five minutes, it is locked", async () => {
  const person = await locked("Cleo");
  await person.page.clock.install();
  await person.page.reload();
  await type(person, PIN);
  await person.title("Valle");
  await person.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await person.page.clock.fastForward("04:50");
  await person.title("Valle");
  await person.page.clock.fastForward("00:15");
  await person.title("Enter your PIN");
  person.assertQuiet();
});

test("whoever guesses waits, also after opening it anew; whoever has forgotten begins anew", async () => {
  const person = await locked("Dora");
  for (let guess = 0; guess < 4; guess += 1) {
    await type(person, `11111${guess}`);
    await person.sees("Wrong PIN.");
  }
  await type(person, "222222");
  await person.sees(/Too many wrong ones/);
  assert.ok(await person.page.getByRole("button", { name: "Open" }).isDisabled());
  await person.page.reload();
  await person.title("Enter your PIN");
  await type(person, PIN);
  await person.sees(/Too many wrong ones/);
  await person.page.getByText("I forgot my PIN").click();
  await person.tap("Start over on this device");
  await person.tap("Start over on this device");
  await person.page.getByRole("heading", { level: 1, name: "Enter your PIN" }).waitFor({ state: "detached" });
  assert.equal(await person.page.getByLabel("PIN", { exact: true }).count(), 0);
  person.assertQuiet();
});
