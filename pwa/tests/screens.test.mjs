// Every screen in both languages, dark and light: free of what axe can find. With SCREENS=1 each
// is also drawn into docs/screens, on a phone and on a desk.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { FluentBundle, FluentResource } from "@fluent/bundle";

import { DESKTOP, PHONE, Person, launch, startRelay } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const DRAW = process.env.SCREENS === "1";
const folder = join(import.meta.dirname, "../../docs/screens");

let relay, browser;
before(async () => {
  browser = await launch();
  if (DRAW) mkdirSync(folder, { recursive: true });
});
after(() => browser?.close());

function words(tag) {
  const bundle = new FluentBundle(tag, { useIsolating: false });
  bundle.addResource(new FluentResource(readFileSync(join(import.meta.dirname, `../messages/${tag}.ftl`), "utf8")));
  return (key, args) => {
    const value = bundle.getMessage(key)?.value;
    assert(value, key);
    return bundle.formatPattern(value, args);
  };
}

/** Looks at what is on the screen now; drawn from its top, or from this heading. */
async function look(person, tag, name, heading) {
  const { page } = person;
  for (const theme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const violations = await page.evaluate(
      async ([source, rules]) => {
        if (!globalThis.axe) new Function(source)();
        const found = await axe.run(document, { runOnly: rules });
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
      },
      [AXE, RULES],
    ).catch(async (error) => {
      // The page's policy allows no code from text: the debugger's own evaluation is not bound by it.
      if (!/Trusted|unsafe-eval|EvalError/.test(error.message)) throw error;
      await page.evaluate(AXE);
      return page.evaluate(async (rules) => {
        const found = await axe.run(document, { runOnly: rules });
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
      }, RULES);
    });
    assert.deepEqual(violations, [], `${name}, ${tag}, ${theme}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert(wide <= 0, `${name}, ${tag}: wider than the phone by ${wide}`);
    if (!DRAW) continue;
    for (const [size, { viewport }] of [["phone", PHONE], ["desk", DESKTOP]]) {
      await page.setViewportSize(viewport);
      await page.evaluate(() => scrollTo(0, 0));
      if (heading) await page.getByRole("heading", { name: heading, exact: true }).evaluate((element) => element.scrollIntoView());
      await page.screenshot({ path: join(folder, `${name}-${tag}-${theme}-${size}.png`) });
    }
    await page.setViewportSize(PHONE.viewport);
  }
}

for (const [tag, language, locale] of [["es", "Español", "es-MX"], ["en", "English", "en-US"]]) {
  test(`every screen in ${language}`, async () => {
    const say = words(tag);
    relay = await startRelay();
    const of = (name) => Person.of(browser, relay, name, { locale, language, deviceScaleFactor: 1 });
    const [founder, second, verifier, member] = await Promise.all(["Ana", "Beto", "Vera", "Marisol"].map(of));

    await founder.page.goto(relay.origin);
    await founder.page.getByRole("button", { name: language }).waitFor();
    await look(founder, tag, "01-language");
    await founder.tap(language);
    await founder.sees(say("have-invite"));
    await look(founder, tag, "02-welcome");
    await founder.page.getByRole("button", { name: say("paste-link") }).click();
    await founder.page.getByLabel(say("link-label")).fill("https://nothing.example");
    await founder.tap(say("next"));
    await founder.sees(say("error-link-not-a-link"));
    await look(founder, tag, "03-welcome-wrong-link");
    await founder.page.getByLabel(say("link-label")).fill(relay.invitation);
    await founder.tap(say("next"));
    await founder.title(say("start-title"));
    await founder.page.getByLabel(say("start-name")).fill("Valle Solidario");
    await look(founder, tag, "04-start");
    await founder.page.getByText(say("start-committee-of", { k: 2, n: 3 }), { exact: true }).click();
    await founder.tap(say("start-go"));
    await founder.title(say("founding-title"));
    const committee = await founder.madeInvite(say("invite-make-committee"));
    const third = await of("Carla");
    await second.join(committee, "Beto");
    await third.join(committee, "Carla");
    await founder.sees("Carla");
    await look(founder, tag, "05-founding");
    await founder.tap(say("admit-all", { n: 2 }));
    await founder.title("Valle Solidario");

    await founder.tap(new RegExp(say("committee")));
    const invite = await founder.madeInvite(say("invite-make"));
    await founder.page.locator("canvas").waitFor();
    await look(founder, tag, "06-invite");
    await member.page.goto(invite);
    await member.tap(language);
    await member.title(say("join-title", { name: "Valle Solidario" }));
    await member.page.getByRole("textbox").fill("Marisol");
    await look(member, tag, "07-join");
    await member.tap(say("join-go"));
    await member.title(say("stage-waiting"));
    await look(member, tag, "08-waiting");
    await verifier.join(invite, "Vera");
    await founder.sees("Vera");
    await look(founder, tag, "09-committee-queue");
    await founder.tap(say("admit-all", { n: 2 }));
    await member.title("Valle Solidario");
    await look(member, tag, "10-home");

    for (const name of ["Holyoke", "Northampton", "Greenfield"]) {
      await founder.tap(say("zones-add"));
      await founder.page.getByLabel(say("zones-new")).last().fill(name);
    }
    await founder.tap(say("zones-save"));
    await founder.page.locator("summary", { hasText: "Vera" }).click();
    await founder.tap(say("grant-role", { role: say("role-verifier") }));
    await founder.sees(say("signatures", { have: 1, need: 2 }));
    await founder.page.locator("li.draft").nth(1).waitFor();
    await look(founder, tag, "11-committee-drafts");
    await second.tap(new RegExp(say("committee")));
    for (const left of [2, 1]) {
      await second.page.getByRole("button", { name: say("sign"), exact: true }).first().click();
      await second.page.waitForFunction((n) => document.querySelectorAll("li.draft").length < n, left, { timeout: 20_000 });
    }
    await verifier.page.getByRole("button", { name: new RegExp(say("desk")) }).waitFor({ timeout: 20_000 });
    await verifier.tap(new RegExp(say("desk")));
    await look(verifier, tag, "12-desk-empty");

    const report = async (drill) => {
      await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
      if (drill) await member.tap(say("report-drill"));
      await look(member, tag, drill ? "20-report-drill" : "13-report-what");
      await member.tap(say("activity-detaining"));
      if (!drill) await look(member, tag, "14-report-where");
      await member.tap("Holyoke");
      await member.page.getByLabel(say("report-words")).fill("…");
      if (!drill) await member.page.locator("summary", { hasText: say("more") }).click();
      await look(member, tag, drill ? "21-report-drill-send" : "15-report-send");
      await member.hold(new RegExp(say("report-send")));
      await member.title(say("report-done"));
      if (!drill) await look(member, tag, "16-report-done");
      await member.tap(say("home"));
    };
    await report(false);
    await verifier.page.getByRole("button", { name: say("finding-confirmed"), exact: true }).waitFor({ timeout: 20_000 });
    await look(verifier, tag, "17-desk-task");
    await verifier.tap(say("finding-confirmed"));
    await look(verifier, tag, "18-desk-how");
    await verifier.tap(say("method-in-person"));
    await verifier.sees(say("missing", { n: 1 }));
    await look(verifier, tag, "19-desk-signed");

    // The second confirmation is Beto's, who becomes a verifier too.
    await founder.page.locator("summary", { hasText: "Beto" }).click();
    await founder.page.getByRole("listitem").filter({ hasText: "Beto" }).getByRole("button", { name: say("grant-role", { role: say("role-verifier") }) }).click();
    await second.tap(say("sign"));
    await second.page.getByRole("button", { name: new RegExp(say("desk")) }).waitFor({ timeout: 20_000 });
    await report(true);
    await second.tap(new RegExp(say("desk")));
    await second.sees(say("drill"));
    await look(second, tag, "22-desk-drill");
    for (const person of [second, verifier]) {
      await person.page.locator(".task", { hasText: say("drill") }).getByRole("button", { name: say("finding-confirmed"), exact: true }).click();
      await person.tap(say("method-live-video"));
    }
    await member.sees(say("verified-by", { n: 2 }));
    await look(member, tag, "23-home-drill");

    const real = await of("Elena");
    await real.join(invite, "Elena");
    await founder.tap(say("admit"), { exact: false });
    await real.title("Valle Solidario");
    await second.page.getByRole("button", { name: say("finding-confirmed"), exact: true }).first().waitFor({ timeout: 20_000 }).catch(() => undefined);
    const open = second.page.getByRole("button", { name: say("finding-confirmed"), exact: true });
    if (await open.count()) {
      await open.first().click();
      await second.tap(say("method-photo-and-call"));
    } else {
      // Beto came to the desk after the first report: a new one then.
      await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
      await member.tap(say("activity-loading"));
      await member.tap("Northampton");
      await member.hold(new RegExp(say("report-send")));
      await member.tap(say("home"));
      for (const person of [second, verifier]) {
        await person.page.getByRole("button", { name: say("finding-confirmed"), exact: true }).last().click();
        await person.tap(say("method-photo-and-call"));
      }
    }
    await real.sees(say("verified-by", { n: 2 }));
    await look(real, tag, "24-home-alert");
    await real.tap(say("more"));
    await look(real, tag, "25-alert");
    await verifier.tap(new RegExp(say("home")));
    await verifier.page.locator("article.verified").getByRole("button", { name: say("more") }).first().click();
    await verifier.page.locator("button.hold").first().scrollIntoViewIfNeeded();
    await look(verifier, tag, "26-follow-up");
    await member.page.getByRole("button", { name: say("report-button"), exact: true }).click();
    await verifier.hold(new RegExp(`^${say("follow-up-all-clear")}`));
    await real.title(say("headline-all-clear"));
    await look(real, tag, "27-all-clear");
    await real.tap(say("back"));
    await look(real, tag, "28-home-all-clear");
    await real.tap(say("me"));
    await look(real, tag, "29-me");
    await member.page.locator(".news").waitFor({ timeout: 20_000 });
    await look(member, tag, "30-news");
    const { page } = founder;
    await page.getByRole("button", { name: `${say("zones-retire")}: Northampton` }).click();
    await page.getByLabel(say("zone-number", { n: 1 }), { exact: true }).fill("Holyoke Centro");
    await founder.tap(say("zones-save"));
    await page.getByText(say("draft-zone-retire", { name: "Northampton" })).waitFor();
    await look(founder, tag, "31-committee-zones", say("zones-title"));

    await real.page.getByLabel(say("pin-new")).fill("482913");
    await real.page.getByLabel(say("pin-again")).fill("482914");
    await look(real, tag, "32-pin", say("pin-title"));
    await real.page.getByLabel(say("pin-again")).fill("482913");
    await real.tap(say("pin-set"));
    await real.sees(say("pin-is-set"));
    await real.page.reload();
    await real.page.getByLabel(say("pin"), { exact: true }).fill("1");
    await real.tap(say("unlock"));
    await real.sees(say("pin-wrong"));
    await real.page.getByText(say("pin-forgotten")).click();
    await look(real, tag, "33-unlock");

    for (const person of [founder, second, third, verifier, member, real]) {
      person.assertQuiet();
      await person.context.close();
    }
    await relay.end();
  });
}
