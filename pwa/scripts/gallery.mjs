// Puts what `npm run screens` has drawn onto sheets, one for each language, theme and size: small
// enough to be kept in the repository. Chromium draws and encodes them.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { launch } from "../tests/stage.mjs";

const folder = join(import.meta.dirname, "../../docs/screens");
const SIZES = { phone: { columns: 8, scale: 1 }, desk: { columns: 5, scale: 0.5 } };
const QUALITY = 0.55;

const browser = await launch();
const page = await browser.newPage();
let total = 0;
for (const tag of ["es", "en"]) {
  for (const theme of ["dark", "light"]) {
    for (const [size, { columns, scale }] of Object.entries(SIZES)) {
      const ending = `-${tag}-${theme}-${size}.png`;
      const names = readdirSync(folder).filter((name) => name.endsWith(ending)).sort();
      if (names.length === 0) continue;
      const screens = names.map((name) => ({
        name: name.slice(0, -ending.length),
        url: `data:image/png;base64,${readFileSync(join(folder, name), "base64")}`,
      }));
      const sheet = await page.evaluate(
        async ({ screens, columns, scale, quality }) => {
          const images = await Promise.all(
            screens.map(async ({ url }) => createImageBitmap(await (await fetch(url)).blob())),
          );
          const [gap, label] = [16, 24];
          const [width, height] = [images[0].width * scale, images[0].height * scale];
          const canvas = document.createElement("canvas");
          canvas.width = columns * (width + gap) + gap;
          canvas.height = Math.ceil(images.length / columns) * (height + gap + label) + gap;
          const draw = canvas.getContext("2d");
          draw.fillStyle = "#808080";
          draw.fillRect(0, 0, canvas.width, canvas.height);
          draw.font = "600 15px system-ui, sans-serif";
          draw.imageSmoothingQuality = "high";
          images.forEach((image, at) => {
            const x = gap + (at % columns) * (width + gap);
            const y = gap + Math.floor(at / columns) * (height + gap + label);
            draw.fillStyle = "#ffffff";
            draw.fillText(screens[at].name, x, y + 16);
            draw.drawImage(image, x, y + label, width, height);
          });
          return canvas.toDataURL("image/webp", quality).split(",")[1];
        },
        { screens, columns, scale, quality: QUALITY },
      );
      const bytes = Buffer.from(sheet, "base64");
      total += bytes.length;
      writeFileSync(join(folder, `${size}-${tag}-${theme}.webp`), bytes);
    }
  }
}
await browser.close();
console.log(`${Math.round(total / 1024)} KiB of sheets`);
