// Puts the pictures that the guide and docs/PHONE.md name beside them: of those that `npm run screens` has drawn, on a
// phone, light as paper. Chromium encodes them.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LANGUAGES, phonePictures, pictured, readPages, walk } from "../build/guide/pages.mjs";
import { launch } from "../tests/stage.mjs";

const docs = join(import.meta.dirname, "../../docs");
const QUALITY = 0.6;

/** Empties a folder for pictures. */
function empty(folder) {
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) rmSync(join(folder, old));
}

const browser = await launch();
const page = await browser.newPage();
let total = 0;
for (const tag of Object.keys(LANGUAGES)) {
  const names = new Set();
  for (const { tokens } of readPages(join(docs, "guide"), tag)) {
    walk(tokens, (token) => token.type === "image" && names.add(pictured(token.href).name));
  }
  const folder = join(docs, "guide/pictures", tag);
  empty(folder);
  for (const name of names) await encode(`${name}-${tag}`, join(folder, `${name}.webp`));
}
empty(join(docs, "pictures"));
for (const name of phonePictures(docs)) await encode(name, join(docs, `pictures/${name}.webp`));
await browser.close();
console.log(`${Math.round(total / 1024)} KiB of pictures`);

async function encode(name, to) {
  const drawn = readFileSync(join(docs, `screens/${name}-light-phone.png`), "base64");
  const encoded = await page.evaluate(
    async ([drawn, quality]) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${drawn}`)).blob());
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext("2d").drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", quality).split(",")[1];
    },
    [drawn, QUALITY],
  );
  const bytes = Buffer.from(encoded, "base64");
  total += bytes.length;
  writeFileSync(to, bytes);
}
