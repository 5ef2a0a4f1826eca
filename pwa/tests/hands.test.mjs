// One thumb, at night: a drill stays a drill, no pocket sends, nothing that comes is missed, nothing
// that has the focus is hidden, and a place keeps its number.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Person, launch, startRelay } from "./stage.mjs";

let relay, browser, ana, vera, marisol;
before(async () => {
  relay = await startRelay();
  browser = await launch();
  [ana, vera, marisol] = await Promise.all(["Ana", "Vera", "Marisol"].map((name) => Person.of(browser, relay, name)));
  await ana.found();
  await ana.tap("Committee");
  const link = await ana.madeInvite("Make an invite");
  for (const person of [vera, marisol]) await person.join(link, person.name);
  await ana.tap("Admit all (2)");
  for (const person of [vera, marisol]) await person.title("Valle");
  await ana.page.locator("summary", { hasText: "Vera" }).click();
  await ana.tap("Make verifier");
  await vera.page.getByRole("button", { name: /Desk/ }).waitFor({ timeout: 20_000 });
});
after(async () => {
  await browser?.close();
  await relay?.end();
});

const band = (person) => person.page.locator(".exercise");
const ground = (person) => person.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
const visible = (person, name) => person.page.getByRole("button", { name });
const toSend = async (person) => {
  await visible(person, "Report").click();
  await person.tap("Detaining people");
  await person.tap("Workplace");
};

test("a drill is one from its first tap, and neither path leads into the other", async () => {
  const { page } = marisol;
  await visible(marisol, "Report").click();
  const real = await ground(marisol);
  const practise = visible(marisol, "Practise: a drill");
  await practise.waitFor();
  await marisol.tap("Detaining people");
  for (const step of ["Workplace", null]) {
    assert.equal(await page.getByText(/drill|practise/i).count(), 0, "a report offers no way to become one");
    assert.equal(await page.getByRole("checkbox", { name: /drill/i }).count(), 0);
    if (step) await marisol.tap(step);
  }
  assert.equal(await ground(marisol), real);
  for (let step = 0; step < 2; step += 1) await marisol.tap("Back");
  await practise.click();
  const steps = [() => marisol.tap("Detaining people"), () => marisol.tap("Workplace"), () => marisol.hold(/Send · Drill/)];
  for (const step of [...steps, undefined]) {
    await band(marisol).getByText("Drill").waitFor();
    assert.notEqual(await ground(marisol), real, "all of it has another colour");
    assert.equal(await visible(marisol, "Practise: a drill").count(), 0);
    await step?.();
    if (!step) await marisol.title("Sent to your verifiers");
  }
  await marisol.tap("Home");
  assert.equal(await page.locator("article").first().getAttribute("class").then((names) => names.includes("drill")), true);
  await toSend(marisol);
  assert.equal(await band(marisol).count(), 0, "the next report is a report again");
  await marisol.tap("Home");
});

test("whoever cannot hold taps twice, and no pocket does", async () => {
  const { page } = marisol;
  await toSend(marisol);
  const [send, cannot] = [page.locator("button.hold"), visible(marisol, "I can't hold it: Send")];
  const waits = async (why) => assert.equal(await send.count(), 1, why);
  await send.dblclick();
  await waits("taps alone do nothing");
  await cannot.dblclick();
  await cannot.waitFor();
  await send.click();
  await waits("the same place twice takes it back");
  await cannot.click();
  await send.click();
  await waits("too soon after the other to be meant");
  await page.waitForTimeout(8_200);
  await send.click();
  await waits("too late after the other to be meant");
  await cannot.click();
  await page.getByText("Press here to send").first().waitFor();
  await page.waitForTimeout(550);
  await send.click();
  await marisol.title("Sent to your verifiers");
  await marisol.tap("Home");
});

test("by keyboard it is pressed twice", async () => {
  await toSend(vera);
  await vera.page.locator("button.hold").focus();
  await vera.page.keyboard.press("Enter");
  await vera.page.getByText("Press here to send").first().waitFor();
  await vera.page.keyboard.press("Enter");
  await vera.title("Sent to your verifiers");
});

/** What is pressed in a hurry, and is not to be covered. */
const covered = (person) =>
  person.page.evaluate(() => {
    const news = document.querySelector(".news").getBoundingClientRect();
    const buttons = document.querySelectorAll(".hold, .main, .choices > button, nav button, .report");
    return [...buttons].filter((button) => {
      const { top, bottom } = button.getBoundingClientRect();
      return bottom > news.top && top < news.bottom;
    }).length;
  });

test("the desk's screen stays awake while it is in sight, and sleeps elsewhere", async () => {
  const { page } = vera;
  await page.evaluate(() => {
    globalThis.locks = [];
    navigator.wakeLock.request = async () => {
      const held = { released: false, release: async () => void (held.released = true) };
      locks.push(held);
      return held;
    };
  });
  const held = (asked, now) =>
    page.waitForFunction(([asked, now]) => locks.length === asked && locks.filter(({ released }) => !released).length === now, [asked, now]);
  await vera.tap(/Desk/);
  await held(1, 1);
  // The system ends it whenever the app is out of sight.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await held(2, 1);
  await vera.tap("Home");
  await held(2, 0);
});

test("an alert that comes while its owner is elsewhere is said there, one tap away", async () => {
  const { page } = marisol;
  await visible(marisol, "Report").click();
  const region = page.locator("[role=alert]");
  assert.equal(await region.count(), 1, "it is there before its words");
  assert.equal(await region.innerText(), "");
  await visible(marisol, "Knocking on doors").focus();
  await vera.tap(/Desk/);
  // Her own she can't verify; the first is the drill, the second the report.
  const task = (drill) => vera.page.locator(".task").filter({ [drill ? "has" : "hasNot"]: vera.page.locator("article.drill") }).filter({ has: vera.page.getByRole("button", { name: "Confirmed" }) });
  const verify = async (drill) => {
    await task(drill).getByRole("button", { name: "Confirmed" }).click();
    await vera.tap("In person");
  };
  await verify(true);
  await region.getByText("Drill").waitFor({ timeout: 20_000 });
  await verify(false);
  await region.getByText("Alert").waitFor({ timeout: 20_000 });
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Knocking on doors", "the focus stays");
  assert.equal(await covered(marisol), 0);
  await region.getByRole("button", { name: "Alert" }).click();
  await marisol.title("Alert");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "and whoever hears the screen is there");
  // The drill is still news; once it was put away it is not.
  await region.getByText("Drill").waitFor();
  await region.getByRole("button", { name: "Close" }).click();
  assert.equal(await region.innerText(), "");
  await marisol.tap("Me");

  await vera.page.locator("article.verified:not(.drill)").getByRole("button", { name: "More details" }).first().click();
  await vera.hold(/^All clear/);
  await region.getByText("All clear").waitFor({ timeout: 20_000 });
  assert.equal(await vera.page.locator("[role=alert]").getByText("All clear").count(), 0, "not to whoever is looking at it");
  await marisol.tap("Home");
  assert.equal(await region.innerText(), "", "home shows it");
  const first = page.locator("main article:not(.drill)").first();
  assert.match(await first.getAttribute("class"), /all-clear/, "what has just ended is at the top");
});

test("a retired zone can no longer be chosen, and no other takes its number", async () => {
  const { page } = ana;
  const add = async (...names) => {
    for (const name of names) {
      await ana.tap("Add a zone");
      await page.getByLabel("Name of the new zone").last().fill(name);
    }
    await ana.tap("Propose these zones");
  };
  const offered = () => page.getByRole("textbox", { name: /^Zone / }).evaluateAll((inputs) => inputs.map((input) => `${input.ariaLabel} ${input.value}`));
  const becomes = async (...expected) => {
    await page.getByLabel(expected.at(-1).slice(0, 6), { exact: true }).waitFor({ timeout: 20_000 });
    await page.waitForFunction((n) => document.querySelectorAll("input[aria-label^='Zone ']").length === n, expected.length);
    assert.deepEqual(await offered(), expected);
  };
  await add("Holyoke", "Northampton", "Greenfield");
  await becomes("Zone 1 Holyoke", "Zone 2 Northampton", "Zone 3 Greenfield");
  await ana.tap("Retire: Northampton");
  await page.getByLabel("Zone 3").fill("Greenfield Norte");
  await add("Amherst");
  await becomes("Zone 1 Holyoke", "Zone 3 Greenfield Norte", "Zone 4 Amherst");
  await page.locator("summary", { hasText: "Retired zones" }).click();
  await page.getByLabel("Offer “Northampton” again").waitFor();
});

test("what has the focus is never under the bar", async () => {
  for (const screen of ["Committee", "Me"]) {
    await ana.tap(screen);
    await ana.page.locator("h1").focus();
    const hidden = [];
    let inside = 0;
    for (;;) {
      await ana.page.keyboard.press("Tab");
      const at = await ana.page.evaluate(() => {
        const { activeElement: element } = document;
        if (!document.querySelector("main").contains(element)) return null;
        const { top, bottom, height } = element.getBoundingClientRect();
        const bar = document.querySelector("nav").getBoundingClientRect().top;
        // Something taller than the screen can't be all in sight.
        return { what: element.textContent.trim().slice(0, 30) || element.ariaLabel, seen: height > bar ? top < bar : top >= -1 && bottom <= bar + 1 };
      });
      if (!at) break;
      inside += 1;
      if (!at.seen) hidden.push(at.what);
    }
    assert.deepEqual(hidden, [], screen);
    assert(inside >= 5, `${inside} places on ${screen}`);
  }
  [ana, vera, marisol].forEach((person) => person.assertQuiet());
});
