// Draws the app's icons from icon.svg and neutral.svg: `node scripts/icons.mjs` after they were changed.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

const root = join(import.meta.dirname, "../public");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
const sizes = [["180", 180, true], ["192", 192, false], ["512", 512, false], ["maskable-512", 512, true]];
for (const [base, [name, size, square]] of ["icon", "neutral"].flatMap((base) => sizes.map((size) => [base, size]))) {
  const svg = readFileSync(join(root, `${base}.svg`), "utf8");
  // Systems that cut icons into their own shape want the ground to reach the edge.
  const drawn = square ? svg.replace('rx="14"', "") : svg;
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawn}`);
  writeFileSync(join(root, `${base}-${name}.png`), await page.screenshot({ omitBackground: true }));
}
await browser.close();
