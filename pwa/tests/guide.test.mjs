// The guide: that it says what the app says, as pages of the relay and as text in the app; and the app's release.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { LANGUAGES as GUIDES, address, phonePictures, readPages } from "../build/guide/pages.mjs";
import { faults, marks, sayings } from "../build/guide/words.mjs";
import { LANGUAGES, look, words } from "./look.mjs";
import { PHONE, Person, launch, startRelay } from "./stage.mjs";

const root = join(import.meta.dirname, "../..");
const guide = join(root, "docs/guide");

let browser, relay;
before(async () => {
  browser = await launch();
  relay = await startRelay();
});
after(async () => {
  await browser?.close();
  await relay?.end();
});

/** Opens a page of the guide as anybody would who was sent its address. */
async function reader(theme = "dark") {
  const context = await browser.newContext({ ...PHONE, deviceScaleFactor: 1, colorScheme: theme });
  return { context, page: await context.newPage() };
}

test("the guide says what the app says, and no link or picture is missing", () => {
  assert.deepEqual(faults(root), []);
  const shown = phonePictures(join(root, "docs"));
  assert.deepEqual(readdirSync(join(root, "docs/pictures")).sort(), shown.map((name) => `${name}.webp`).sort(), "PHONE.md's pictures");
  assert(shown.length > 2);
  const pages = readPages(guide, "en");
  assert(pages.length >= 12, "all pages are read");
  const marked = pages.flatMap((page) => marks(page, "en"));
  for (const mark of ["pressed", "said"]) assert(marked.filter((one) => one.mark === mark).length > 10, `${mark} is marked`);
  const says = sayings("send = Send\nn = { $n } left\nmany = { $n ->\n  [one] One\n *[other] { $n } of them\n } now\n");
  for (const text of ["Send", "4 left", "One now", "3 of\nthem now"]) assert(says(text), text);
  for (const text of ["send", "Send it", "left", "One", "them now", ""]) assert(!says(text), text);
});

test("a fault in the guide is found", async () => {
  const copy = await mkdtemp(join(tmpdir(), "campana-guide-"));
  for (const folder of ["docs/guide", "pwa/messages", "pwa/src"]) await cp(join(root, folder), join(copy, folder), { recursive: true });
  const file = join(copy, "docs/guide/en/member.md");
  const text = await readFile(file, "utf8");
  for (const [from, to, fault] of [
    ["**Report**", "**Tell**", /no such words \(pressed\): Tell/],
    // The app says so, and nobody can press it.
    ["**Report**", "**No alerts**", /no such words \(pressed\): No alerts/],
    ["“No alerts”", "“All quiet”", /no such words \(said\): All quiet/],
    ["(lost-phone.md)", "(lost.md)", /a link to nowhere: lost.md/],
    ["(lost-phone.md)", "(https://example.org)", /a link to nowhere: https/],
    ["## Lock the app", "Lock the app", /^member: es has/],
    ["en/07-join.webp", "es/07-join.webp", /no picture of this language/],
    ["[The waiting room, with your code]", "[]", /a picture without words/],
  ]) {
    await writeFile(file, text.replace(from, to));
    assert(faults(copy).some((one) => fault.test(one)), `${to}: ${faults(copy)}`);
  }
  await writeFile(file, text);
  await rm(join(copy, "docs/guide/en/drill.md"));
  assert(faults(copy).some((one) => /^drill: es has .*; en has no such page/.test(one)));
  await rm(copy, { recursive: true });
});

test("the relay serves every page in both languages, readable and without scripts", async () => {
  const got = await fetch(`${relay.origin}/guide`, { headers: { "accept-language": "en-US,en;q=0.9" } });
  assert.equal(got.url, `${relay.origin}/guide/en/`);
  assert.match(got.headers.get("content-security-policy"), /^default-src 'none'; style-src 'self'; img-src 'self'; base-uri/);
  const person = await reader();
  for (const tag of Object.keys(GUIDES)) {
    for (const { slug, title } of readPages(guide, tag)) {
      const html = await (await fetch(relay.origin + address(tag, slug))).text();
      assert(!/<script|<style|style=|\son\w+=/.test(html), "nothing inline");
      const answer = await person.page.goto(relay.origin + address(tag, slug));
      assert.equal(answer.status(), 200, `${tag}/${slug}`);
      assert.equal(await person.page.getByRole("heading", { level: 1 }).innerText(), title);
      await look(person, tag, `guide-${slug}`);
      const addresses = await person.page.evaluate(() =>
        [...document.querySelectorAll("a[href], img[src], link[href]")].map((one) => one.href || one.src),
      );
      for (const one of new Set(addresses)) assert.equal((await fetch(one, { method: "HEAD" })).status, 200, `${tag}/${slug}: ${one}`);
      const other = tag === "es" ? "en" : "es";
      assert(addresses.includes(relay.origin + address(other, slug)), "the same page in the other language");
      if (slug !== "phone-tree") continue;
      for (const format of ["A4", "Letter"]) {
        const sheets = (await person.page.pdf({ format })).toString("latin1").match(/\/Type\s*\/Page\b/g);
        assert.equal(sheets.length, 1, `the telephone tree is one sheet: ${tag}, ${format}`);
      }
    }
  }
  await person.context.close();
});

for (const [tag, language, locale] of LANGUAGES) {
  test(`the guide's text is in the app, without a connection, in ${language}`, async () => {
    const say = words(tag);
    const relay = await startRelay();
    const person = await Person.of(browser, relay, "Ana", { locale, language, deviceScaleFactor: 1 });
    await person.open(relay.invitation);
    await person.page.getByLabel(say("start-name")).fill("Valle");
    await person.page.getByText(say("start-committee-one"), { exact: true }).click();
    await person.tap(say("start-go"));
    await person.title("Valle");
    await person.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));

    // The release is what the build has printed.
    await person.tap(say("me"));
    await person.sees(say("limits-untried"));
    await person.page.locator("summary", { hasText: say("release-title") }).click();
    const [version, ...fingerprint] = (await readFile(join(root, "pwa/dist/version.txt"), "utf8")).trim().split(" ");
    await person.sees(fingerprint.join(" "));
    await person.sees(version);

    // The worker leaves the relay's pages to the relay.
    await person.page.reload();
    await person.title("Valle");
    const other = await person.newPage();
    await other.goto(relay.origin + address(tag, "member"));
    await other.locator("main.guide img").first().waitFor();
    await other.goto(`${relay.origin}/version.txt`);
    assert.equal((await other.locator("body").innerText()).trim(), `${version} ${fingerprint.join(" ")}`);
    await other.close();

    person.expected.push(/WebSocket connection|ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
    await person.context.setOffline(true);
    await person.page.reload();
    await person.title("Valle");
    await person.tap(say("me"));
    await person.tap(say("guide"));
    const pages = readPages(guide, tag);
    await person.title(pages[0].title);
    for (const { slug, title } of pages.slice(1)) {
      const link = person.page.locator(`.guide a[data-page="${slug}"]`);
      // Some are reached from the committee's page alone.
      const from = (await link.count()) > 0 ? null : "committee";
      if (from) await person.page.locator(`.guide a[data-page="${from}"]`).click();
      await link.first().click();
      await person.title(title);
      if (["phone-tree", "field"].includes(slug)) await look(person, tag, `36-guide-${slug}`);
      assert.equal(await person.page.locator(".guide img").count(), 0);
      for (let left = from ? 2 : 1; left > 0; left -= 1) await person.tap(say("back"));
      await person.title(pages[0].title);
    }
    await person.tap(say("back"));
    await person.title(say("me"));
    // What is installed cannot be told apart from what the server has now.
    await person.page.locator("summary", { hasText: say("release-title") }).click();
    await person.sees(say("release-connect"));
    person.assertQuiet();
    await person.context.close();
    await relay.end();
  });
}

test("pictures and pages of the guide are not stored, and its text is", async () => {
  const worker = await readFile(join(root, "pwa/dist/sw.js"), "utf8");
  const stored = [...worker.matchAll(/["'`](\/[a-z][^"'`]*\.(?:js|html|webp|css))["'`]/g)].map((match) => match[1]);
  assert(stored.some((url) => /guide-es-/.test(url)) && stored.some((url) => /guide-en-/.test(url)), "both languages");
  assert.deepEqual(stored.filter((url) => url.startsWith("/guide/")), []);
  assert((await readdir(join(root, "pwa/dist/guide/es"))).length > 12);
});
