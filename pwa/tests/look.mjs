// What every screen is held to: free of what axe can find, dark and light, and no wider than a
// phone. With SCREENS=1 each is also drawn into docs/screens, on a phone and on a desk.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { FluentBundle, FluentResource } from "@fluent/bundle";

import { DESKTOP, PHONE } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const DRAW = process.env.SCREENS === "1";
const folder = join(import.meta.dirname, "../../docs/screens");

if (DRAW) mkdirSync(folder, { recursive: true });

/** Tag, own name and region of each language. */
export const LANGUAGES = [["es", "Español", "es-MX"], ["en", "English", "en-US"]];

/** The words of a language, by their keys. */
export function words(tag) {
  const bundle = new FluentBundle(tag, { useIsolating: false });
  bundle.addResource(new FluentResource(readFileSync(join(import.meta.dirname, `../messages/${tag}.ftl`), "utf8")));
  return (key, args) => {
    const value = bundle.getMessage(key)?.value;
    assert(value, key);
    return bundle.formatPattern(value, args);
  };
}

/** Looks at what is on the screen now; drawn from its top, or from this heading or list. */
export async function look(person, tag, name, heading) {
  const { page } = person;
  // What has just moved can be pressed again.
  await page.waitForFunction(() => !document.querySelector("button[aria-disabled=true]"));
  for (const theme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    // The page's policy allows no code from text; the debugger's own evaluation is not bound by it.
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
    const violations = await page.evaluate(async (rules) => {
      const found = await axe.run(document, { runOnly: rules });
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
    }, RULES);
    assert.deepEqual(violations, [], `${name}, ${tag}, ${theme}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert(wide <= 0, `${name}, ${tag}: wider than the phone by ${wide}`);
    if (!DRAW) continue;
    for (const [size, { viewport }] of [["phone", PHONE], ["desk", DESKTOP]]) {
      await page.setViewportSize(viewport);
      await page.evaluate(() => scrollTo(0, 0));
      const from = heading === "ol" ? page.locator("ol") : page.getByRole("heading", { name: heading, exact: true });
      if (heading) await from.evaluate((element) => element.scrollIntoView());
      await page.screenshot({ path: join(folder, `${name}-${tag}-${theme}-${size}.png`) });
    }
    await page.setViewportSize(PHONE.viewport);
  }
}
