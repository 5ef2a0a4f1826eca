// An old phone in a network of 2,000: Chromium with the processor four times slower. One line of
// JSON. `node bench/phone.mjs [members] [alerts]`, through `cargo xtask bench phone`.
import { join } from "node:path";

import { PHONE, launch } from "../tests/stage.mjs";
import { quantile, rounded, startCrowd } from "./crowd.mjs";

const [members = "2000", alerts = "500"] = process.argv.slice(2);
const SLOWDOWN = 4;
const OPENINGS = 15;
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 };

const crowd = await startCrowd(members, join(import.meta.dirname, "../dist"));
const { origin, invite } = crowd;
const browser = await launch();
const slow = async (page, network) => {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  if (network) {
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", SLOW_4G);
  }
};

// The very first opening, over a slow network.
const fresh = await browser.newContext({ ...PHONE, locale: "en-US" });
const first = await fresh.newPage();
await slow(first, true);
const began = Date.now();
await first.goto(invite, { waitUntil: "commit" });
await first.getByRole("button", { name: "English" }).waitFor();
const firstScreenMs = Date.now() - began;
await first.getByRole("button", { name: "English" }).click();
await first.getByRole("heading", { name: "Join Valle" }).waitFor();
await first.locator("button.main:enabled").waitFor();
const readyMs = Date.now() - began;
await fresh.close();

const context = await browser.newContext({ ...PHONE, locale: "en-US" });
await context.addInitScript(() => {
  // When the last bytes came.
  const Native = WebSocket;
  globalThis.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", () => (globalThis.heard = performance.now()));
    }
  };
});
const page = await context.newPage();
await page.goto(invite);
await page.getByRole("button", { name: "English" }).click();
await page.getByRole("textbox").fill("Phone");
await page.locator("button.main").click();
await page.getByRole("heading", { name: "You are in the waiting room" }).waitFor();
await crowd.admit();
await page.getByRole("heading", { level: 1, name: "Valle" }).waitFor({ timeout: 120_000 });

await crowd.alerts(Number(alerts));
await page.waitForTimeout(3_000);

const openings = [];
for (let round = 0; round < OPENINGS; round += 1) {
  await page.goto("about:blank");
  await slow(page, false);
  const start = Date.now();
  await page.goto(origin, { waitUntil: "commit" });
  await page.locator("article.verified").first().waitFor();
  openings.push(Date.now() - start);
}

const taps = [];
for (let round = 0; round < 10; round += 1) {
  await page.getByRole("button", { name: "Report", exact: true }).click();
  await page.getByRole("button", { name: "Watching", exact: true }).click();
  await page.getByRole("button", { name: "Street", exact: true }).click();
  await page.locator("button.hold").focus();
  taps.push(
    await page.evaluate(async () => {
      const button = document.querySelector("button.hold");
      button.click();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const start = performance.now();
      button.click();
      // The screen changes once the report is durable.
      while (document.querySelector("button.hold")) await new Promise((resolve) => setTimeout(resolve, 1));
      return performance.now() - start;
    }),
  );
  await page.getByRole("button", { name: "Home", exact: true }).first().click();
  await page.waitForTimeout(500);
}

const shown = [];
for (let round = 0; round < 10; round += 1) {
  const coming = page.evaluate(async () => {
    const newest = () => document.querySelector("article.verified")?.dataset.incident;
    const before = newest();
    const observed = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (newest() !== before) {
          observer.disconnect();
          resolve(performance.now());
        }
      });
      observer.observe(document.body, { childList: true, subtree: true, attributes: true });
    });
    const at = await observed;
    return at - globalThis.heard;
  });
  await crowd.alert();
  shown.push(await coming);
}
console.log(
  JSON.stringify({
    members: Number(members), events: Number(alerts), slowdown: SLOWDOWN,
    first_screen_ms: firstScreenMs, ready_ms: readyMs,
    open_p50_ms: rounded(quantile(openings, 0.5)), open_p95_ms: rounded(quantile(openings, 0.95)),
    tap_to_durable_p50_ms: rounded(quantile(taps, 0.5)), tap_to_durable_max_ms: rounded(Math.max(...taps)),
    frame_to_shown_p50_ms: rounded(quantile(shown, 0.5)), frame_to_shown_max_ms: rounded(Math.max(...shown)),
  }),
);
await browser.close();
crowd.end();
process.exit(0);
