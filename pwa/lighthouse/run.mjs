// What Lighthouse says of the first screen on a phone: one line of JSON, medians of three runs.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { QUIET, startRelay } from "../tests/stage.mjs";

const RUNS = 3;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const here = import.meta.dirname;

const relay = await startRelay();
const runs = [];
for (let run = 0; run < RUNS; run += 1) {
  const { stdout } = await promisify(execFile)(
    join(here, "node_modules/.bin/node"),
    [
      join(here, "node_modules/lighthouse/cli/index.js"), relay.origin, "--quiet", "--output=json", "--form-factor=mobile",
      `--only-categories=${CATEGORIES.join(",")}`, `--chrome-flags=--headless=new ${QUIET.join(" ")}`,
    ],
    { env: { ...process.env, CHROME_PATH: "/usr/bin/chromium" }, maxBuffer: 1 << 28 },
  );
  runs.push(JSON.parse(stdout));
}
await relay.end();
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const scores = Object.fromEntries(
  CATEGORIES.map((category) => [category.replace("-", "_"), Math.round(100 * median(runs.map((run) => run.categories[category].score)))]),
);
const failed = Object.values(runs[0].audits)
  .filter((audit) => audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode === "binary")
  .map((audit) => audit.id);
console.log(JSON.stringify({ ...scores, first_contentful_paint_ms: Math.round(median(runs.map((run) => run.audits["first-contentful-paint"].numericValue))), failed }));
process.exit(0);
