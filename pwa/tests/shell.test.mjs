// What surrounds the screens: one WebSocket, updates that wait, a code read by the camera.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { generate } from "lean-qr";
import { chromium } from "playwright-core";

import { Person, QUIET, launch, startRelay } from "./stage.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function founded(relay) {
  const person = await Person.of(browser, relay, "phone");
  await person.found();
  return person;
}

test("three tabs have one connection, and the next takes over", async () => {
  const relay = await startRelay();
  const person = await founded(relay);
  const open = new Map();
  const watch = (page) => {
    open.set(page, 0);
    page.on("websocket", (socket) => {
      open.set(page, open.get(page) + 1);
      socket.on("close", () => open.set(page, open.get(page) - 1));
    });
  };
  const tabs = [await person.newPage(), await person.newPage()];
  for (const tab of tabs) {
    watch(tab);
    await tab.goto(relay.origin);
    await tab.getByRole("heading", { level: 1, name: "Valle" }).waitFor();
  }
  await tabs[1].waitForTimeout(500);
  assert.deepEqual([...open.values()], [0, 0], "the first tab has it");
  await person.page.close();
  for (let tries = 0; tries < 50 && [...open.values()].every((count) => count === 0); tries += 1) await tabs[1].waitForTimeout(100);
  assert.equal([...open.values()].reduce((sum, count) => sum + count, 0), 1, "one of the others has taken over");
  // What one tab does, the other shows, whoever has the connection.
  const [first, second] = tabs;
  await first.getByRole("button", { name: "Report" }).click();
  await first.getByRole("button", { name: "Watching", exact: true }).click();
  await first.getByRole("button", { name: "Street", exact: true }).click();
  const hold = first.locator("button.hold");
  await hold.focus();
  await hold.press("Enter");
  await hold.press("Enter");
  await second.getByText("Watching").first().waitFor({ timeout: 20_000 });
  person.assertQuiet();
  await relay.end();
});

test("a new version waits for the tap, and takes nothing with it", async () => {
  const app = await mkdtemp(join(tmpdir(), "campana-app-"));
  await cp(join(import.meta.dirname, "../dist"), app, { recursive: true });
  const relay = await startRelay(app);
  const person = await founded(relay);
  await person.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await person.page.reload();
  await person.title("Valle");
  const other = await person.newPage();
  await other.goto(relay.origin);
  await other.getByRole("heading", { level: 1, name: "Valle" }).waitFor();
  // The next version: the same app, with a worker that has another name for its cache.
  for (const name of ["sw.js", "sw.js.br"]) {
    if (name.endsWith(".br")) await rm(join(app, name));
    else await writeFile(join(app, name), (await readFile(join(app, name), "utf8")).replace(/"[0-9a-f]{12}"|`[0-9a-f]{12}`/, '"222222222222"'));
  }
  assert((await readFile(join(app, "sw.js"), "utf8")).includes("222222222222"));
  person.expected.push(/WebSocket connection/);
  await relay.stop();
  await relay.start(relay.address);
  await person.page.evaluate(() => navigator.serviceWorker.getRegistration().then((registration) => registration.update()));
  await person.sees("A new version is ready.");
  const caches = () => person.page.evaluate(() => caches.keys());
  assert((await caches()).length === 2, "the old one is still in charge");
  await person.tap("Restart");
  await person.page.waitForFunction(async () => (await caches.keys()).length === 1);
  assert.deepEqual(await caches(), ["campana-222222222222"]);
  await person.title("Valle");
  // The other window is still of the version before, says so, and its tap does something.
  const restarted = other.waitForEvent("load");
  await other.getByRole("button", { name: "Restart" }).click();
  await restarted;
  await other.getByRole("heading", { level: 1, name: "Valle" }).waitFor();
  await other.waitForTimeout(500);
  assert.equal(await other.getByText("A new version is ready.").count(), 0);
  person.assertQuiet();
  await relay.end();
  await rm(app, { recursive: true, force: true });
});

test("an invite's code is read by the camera, after one that is of no use", async () => {
  const relay = await startRelay();
  const person = await founded(relay);
  await person.tap("Committee");
  await person.madeInvite("Make an invite");
  const code = person.page.locator("canvas");
  await code.waitFor();
  await person.page.waitForTimeout(300);
  /** As a camera sees it: in front of something, with a rim of light. */
  const photograph = () =>
    person.page.evaluate(() => {
      const [from, to] = [document.querySelector("canvas"), document.createElement("canvas")];
      [to.width, to.height] = [640, 640];
      const context = to.getContext("2d");
      context.fillStyle = "#fff";
      context.fillRect(0, 0, 640, 640);
      context.imageSmoothingEnabled = false;
      const size = from.width * Math.floor(560 / from.width);
      context.drawImage(from, (640 - size) / 2, (640 - size) / 2, size, size);
      const picture = to.toDataURL("image/jpeg", 0.95);
      return picture.slice(picture.indexOf(",") + 1);
    });
  const right = Buffer.from(await photograph(), "base64");
  const other = generate("https://example.org/menu");
  await person.page.evaluate(
    ({ size, dark }) => {
      const canvas = document.querySelector("canvas");
      [canvas.width, canvas.height] = [size, size];
      const context = canvas.getContext("2d");
      dark.forEach((on, at) => {
        context.fillStyle = on ? "#000" : "#fff";
        context.fillRect(at % size, Math.floor(at / size), 1, 1);
      });
    },
    { size: other.size, dark: Array.from({ length: other.size ** 2 }, (_, at) => Boolean(other.get(at % other.size, Math.floor(at / other.size)))) },
  );
  const wrong = Buffer.from(await photograph(), "base64");
  const folder = await mkdtemp(join(tmpdir(), "campana-camera-"));
  const film = join(folder, "code.mjpeg");
  // Ten seconds of the one, then of the other.
  await writeFile(film, Buffer.concat([...Array(300).fill(wrong), ...Array(300).fill(right)]));
  const camera = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...QUIET, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`],
  });
  const joiner = await Person.of(camera, relay, "joiner", { permissions: ["camera"] });
  await joiner.open();
  await joiner.tap("Scan a code");
  await joiner.sees("This is an address without an invite");
  await joiner.title("Join Valle");
  // Whoever has changed their mind while the browser asked is not filmed.
  await joiner.page.reload();
  await joiner.tap("Back");
  await joiner.page.evaluate(() => {
    const { mediaDevices } = navigator;
    const real = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wish) => {
      await new Promise((resolve) => (globalThis.allow = resolve));
      return (globalThis.stream = await real(wish));
    };
  });
  await joiner.tap("Scan a code");
  await joiner.page.waitForFunction(() => globalThis.allow);
  await joiner.tap("Cancel");
  await joiner.page.evaluate(() => allow());
  await joiner.page.waitForFunction(() => globalThis.stream?.getTracks().every(({ readyState }) => readyState === "ended"));
  joiner.assertQuiet();
  await camera.close();
  await relay.end();
  await rm(folder, { recursive: true, force: true });
});

test("nothing asks for more than it is given", async () => {
  const relay = await startRelay();
  for (const path of ["/", "/sw.js", "/manifest.webmanifest", "/healthz", "/nothing"]) {
    const { headers } = await fetch(relay.origin + path);
    assert.match(headers.get("content-security-policy"), /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'/, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
  const page = await readFile(join(import.meta.dirname, "../dist/index.html"), "utf8");
  assert(!/<script(?![^>]*src=)|<style|style=|\son\w+=/.test(page), "nothing inline");
  assert.equal(page.match(/<script/g).length, page.match(/<script[^>]*integrity=/g).length);
  const manifest = await (await fetch(`${relay.origin}/manifest.webmanifest`)).json();
  assert.equal(manifest.display, "standalone");
  assert(manifest.icons.some((icon) => icon.purpose === "maskable") && manifest.icons.some((icon) => icon.sizes === "192x192"));
  const neutral = await (await fetch(`${relay.origin}/manifest-neutral.webmanifest`)).json();
  assert.equal(neutral.id, manifest.id, "it is the same app");
  for (const { src } of [...manifest.icons, ...neutral.icons]) assert.equal((await fetch(relay.origin + src)).status, 200, src);
  const names = await readdir(join(import.meta.dirname, "../dist/assets"));
  assert(names.every((name) => !name.endsWith(".map")));
  await relay.end();
});
