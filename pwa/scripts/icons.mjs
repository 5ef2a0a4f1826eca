// Draws the app's icons from icon.svg: `node scripts/icons.mjs` after it was changed.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

const root = join(import.meta.dirname, "../public");
const svg = readFileSync(join(root, "icon.svg"), "utf8");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
for (const [name, size, square] of [["icon-180", 180, true], ["icon-192", 192, false], ["icon-512", 512, false], ["icon-maskable-512", 512, true]]) {
  // Systems that cut icons into their own shape want the ground to reach the edge.
  const drawn = square ? svg.replace('rx="14"', "") : svg;
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawn}`);
  writeFileSync(join(root, `${name}.png`), await page.screenshot({ omitBackground: true }));
}
await browser.close();
