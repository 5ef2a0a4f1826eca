// The same app in Firefox: a network is founded, somebody on a laptop joins and verifies, the
// alert comes, a reload and a start without a network keep everything.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import puppeteer from "puppeteer-core";

import { native, startRelay, watched } from "./stage.mjs";

let relay, browser;
before(async () => {
  relay = await startRelay();
  browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true });
});
after(async () => {
  await browser?.close();
  await relay?.end();
});

test("a network in Firefox", async () => {
  const page = await browser.newPage();
  await page.setViewport({ width: 360, height: 740 });
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => watched(request.url(), relay));
  page.on("pageerror", (error) => faults.push(error.message));
  const button = (name) => page.locator(`::-p-xpath(//button[contains(normalize-space(.), "${name}")])`);
  const sees = (text) => page.waitForFunction((text) => document.body.innerText.includes(text), { timeout: 20_000 }, text);

  await page.goto(relay.invitation);
  await button("English").click();
  await sees("Start a network");
  assert(!page.url().includes("#"), "the secret has left the address bar");
  await page.locator("input[maxlength='64']").fill("Valle");
  await page.locator("input[name='committee'][value='2']").click();
  await page.locator("input[name='confirmations'][value='1']").click();
  await page.locator("button.main").click();
  await sees("No alerts");

  await button("Committee").click();
  // Not under the bar, where a click would be the bar's.
  await sees("Make an invite");
  await page.evaluate(() => {
    const make = [...document.querySelectorAll("button")].find(({ innerText }) => innerText.includes("Make an invite"));
    make.scrollIntoView({ block: "center", behavior: "instant" });
  });
  await button("Make an invite").click();
  await page.waitForSelector("[data-testid='invite-link']");
  const link = await page.$eval("[data-testid='invite-link']", (field) => field.value);
  const laptop = native(relay, "laptop");
  await laptop("join", "--handle", "Laptop", link).catch((error) => assert.equal(error.code, 3, error.message));
  await sees("One person is waiting");
  await button("Admit").click();
  await sees("Nobody is waiting");
  await page.locator("summary ::-p-text(Laptop)").click();
  await button("Make verifier").click();

  await button("Home").click();
  await button("Report").click();
  await button("Knocking on doors").click();
  await button("Home").click();
  // By keyboard: pressed twice.
  await page.focus("button.hold");
  await page.keyboard.press("Enter");
  await sees("Press here to send");
  await page.keyboard.press("Enter");
  await sees("Sent to your verifiers");
  const reported = async () => {
    for (let tries = 0; tries < 40; tries += 1) {
      const incidents = await laptop("incidents");
      const id = (incidents.incidents ?? incidents)[0]?.id;
      if (id) return id;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new Error("the report never came");
  };
  await laptop("attest", await reported(), "--finding", "confirmed", "--method", "in-person");
  await page.locator("button.main ::-p-text(Home)").click();
  await sees("Verified by one of your verifiers");

  await page.reload();
  await sees("Verified by one of your verifiers");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await relay.stop("SIGKILL");
  await page.reload();
  await sees("Verified by one of your verifiers");
  await relay.start(relay.address);
  // Firefox says so where there is no relay, and where a page is left while it connects.
  const expected = /can.t establish a connection|was interrupted while the page was loading/;
  assert.deepEqual(faults.filter((fault) => !expected.test(fault)), []);
});
