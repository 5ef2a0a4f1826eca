// From a push to its notification, the app closed and its worker stopped, in a network of 2,000:
// Chromium and Firefox, really subscribed to push services of our own. One line of JSON.
// `node bench/wake.mjs [members] [alerts] [rounds]`, through `cargo xtask bench wake`. With `--report`:
// from a report's push, on a phone that is on call; one a minute.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HOST as AUTOPUSH, launchFirefox, startAutopush } from "../tests/push/autopush.mjs";
import { certificate } from "../tests/push/certificate.mjs";
import { HOST as FCM, launchChromium, startFcm, stopWorkers } from "../tests/push/fcm.mjs";
import { joined, pause, sees, tap } from "../tests/push/page.mjs";
import { quantile, rounded, startCrowd } from "./crowd.mjs";

const ofReport = process.argv.includes("--report");
const numbers = process.argv.slice(2).filter((argument) => !argument.startsWith("--")).map(Number);
const [members = 2_000, alerts = 500, rounds = ofReport ? 5 : 30] = numbers;
/** The desk is rung once in so long while somebody reads its mailbox, ms. */
const PACE = 61_000;
/** Firefox stops a worker that has nothing to do after so long, and one that still works after so much longer, ms. */
const IDLE = 300;
const WORKING = 4_000;

const BROWSERS = {
  chromium: { host: FCM, start: startFcm, launch: launchChromium, stop: stopWorkers },
  firefox: {
    host: AUTOPUSH,
    start: startAutopush,
    launch: (service, profile) =>
      launchFirefox(service, profile, {
        "dom.serviceWorkers.idle_timeout": IDLE,
        "dom.serviceWorkers.idle_extended_timeout": WORKING,
        // Without a screen nothing counts as seen, and after sixteen such pushes a subscription ends.
        "dom.push.maxQuotaPerSubscription": 10_000,
      }),
    stop: () => pause(IDLE + WORKING),
  },
};

const report = { of: ofReport ? "report" : "alert", members, events: alerts, rounds };
for (const [name, how] of Object.entries(BROWSERS)) {
  report[name] = await measure(how);
  console.error(name, JSON.stringify(report[name]));
}
console.log(JSON.stringify(report));
process.exit(0);

async function measure({ host, start, launch, stop }) {
  const directory = await mkdtemp(join(tmpdir(), "campana-wake-"));
  const service = await start(await certificate([host], join(directory, "ca.pem")));
  const crowd = await startCrowd(members, await marked(directory), {
    CAMPANA_RELAY_PUSH_HOST: host,
    CAMPANA_RELAY_PUSH_RESOLVE: `${host}=127.0.0.1:${service.port}`,
    CAMPANA_RELAY_PUSH_CA: join(directory, "ca.pem"),
  });
  const browser = await launch(service, join(directory, "profile"));
  const page = await joined(browser, crowd.invite);
  await crowd.admit();
  await sees(page, "This phone does not ring yet.");
  await crowd.alerts(alerts);
  await pause(3_000);
  await tap(page, "Turn on alerts");
  await sees(page, "On, but never tested.");
  if (ofReport) {
    await crowd.verifier();
    await tap(page, "Desk");
    await tap(page, "Go on call");
    await sees(page, "Lock your phone now.");
  }
  await page.goto("about:blank");
  // The test has come.
  if (ofReport) await service.waitFor(() => true);

  const handedOver = [];
  for (let round = 0; round < rounds; round += 1) {
    await stop(browser);
    const { length } = service.posts;
    await (ofReport ? crowd.report() : crowd.alert());
    handedOver.push((await service.waitFor(() => true, length)).at);
    if (ofReport && round + 1 < rounds) await pause(PACE);
    // The notification, and what follows it.
    await pause(2_000);
  }

  await page.goto(`${crowd.origin}/icon.svg`);
  const records = await page.evaluate(async () => {
    const cache = await caches.open("bench");
    const kept = (await cache.keys()).map((request) => cache.match(request));
    return Promise.all((await Promise.all(kept)).map((response) => response.json()));
  });
  await browser.close();
  crowd.end();
  service.end();
  await rm(directory, { recursive: true, force: true });
  return summary(handedOver, records);
}

/** The app, its worker with the marks before it. */
async function marked(directory) {
  const app = join(directory, "app");
  await cp(join(import.meta.dirname, "../dist"), app, { recursive: true });
  await rm(join(app, "sw.js.br"));
  const marks = await readFile(join(import.meta.dirname, "marks.js"), "utf8");
  await writeFile(join(app, "sw.js"), marks + (await readFile(join(app, "sw.js"), "utf8")));
  return app;
}

function summary(handedOver, records) {
  // Each push finds its worker stopped, and so starts another.
  const lives = handedOver.map((at) => records.find(({ origin, push }) => push !== undefined && origin + push >= at - 5 && origin + push < at + 4_000));
  if (new Set(lives).size !== rounds || lives.includes(undefined)) throw new Error(`${records.length} lives of the worker for ${rounds} pushes`);
  const cold = lives.every((life, round) => life.origin >= handedOver[round] - 100);
  if (!cold) throw new Error("a push found a worker that was running");
  const splits = lives.map((life, round) => split(handedOver[round] - life.origin, life));
  const each = (pick) => splits.map(pick);
  const both = (values) => ({ p50: rounded(quantile(values, 0.5)), p95: rounded(quantile(values, 0.95)) });
  return {
    handed_over_to_shown_ms: both(each(({ total }) => total)),
    push_event_to_shown_ms: both(each(({ event }) => event)),
    generic_first: lives.filter(({ shows }) => shows[0]?.[2] === "campana").length,
    split_p50_ms: Object.fromEntries(Object.keys(splits[0].steps).map((step) => [step, rounded(quantile(each(({ steps }) => steps[step]), 0.5))])),
  };
}

/** One push, ms. `given`: when the push service had it, on the worker's clock. */
function split(given, { script, push, core, loads, turns, writes, shows }) {
  const shown = shows.find(([, , tag]) => tag !== "campana");
  if (!shown) throw new Error("nothing but the generic notification");
  const until = ([, end]) => end <= shown[1];
  const sum = (spans) => spans.filter(until).reduce((sum, [began, end]) => sum + end - began, 0);
  const steps = {
    worker_start: script - given,
    script: push - script,
    // What of its own opening is not behind this is in rows_read.
    wasm_start: core[1] - push,
    rows_read: Math.max(0, loads[0][0] - core[1]),
    load: sum(loads),
    decrypt: sum(turns),
    persist: sum(writes),
    show: shown[1] - shown[0],
  };
  const total = shown[1] - given;
  steps.rest = total - Object.values(steps).reduce((sum, step) => sum + step, 0);
  return { total, event: shown[1] - push, steps };
}
