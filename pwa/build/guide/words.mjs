// Whether the guide says what the app says: every word in **bold** and between quotation marks is a whole message of
// messages/<language>.ftl, both languages have the same pages with the same pictures, and no link or picture is missing.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { FluentParser } from "@fluent/syntax";

import { LANGUAGES, content, linked, pictured, readPages, walk } from "./pages.mjs";

/** What a message with arguments or variants can look like, as a regular expression's source. */
function shape(pattern) {
  return pattern.elements
    .map((element) => {
      if (element.type === "TextElement") return escape(element.value);
      if (element.expression.type !== "SelectExpression") return "(?:.+?)";
      return `(?:${element.expression.variants.map(({ value }) => shape(value)).join("|")})`;
    })
    .join("");
}
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");

/** Whether the app says a text, as a whole message of its own. `of`: which messages, by their keys. */
export function sayings(ftl, of = () => true) {
  const messages = new FluentParser().parse(ftl).body.filter(({ type, id, value }) => type === "Message" && value && of(id.name));
  // A message that is an argument and little else would match anything.
  const shapes = messages.map(({ value }) => shape(value)).filter((source) => /\p{L}{2}/u.test(source.replace("(?:.+?)", "")));
  const all = new RegExp(`^(?:${shapes.join("|")})$`, "u");
  return (text) => all.test(text);
}

/** What a page marks as the app's: pressed, or said. */
export function marks(page, tag) {
  const [opening, closing] = LANGUAGES[tag].quotes;
  const found = [];
  walk(page.tokens, (token) => {
    if (token.type === "strong") found.push({ mark: "pressed", text: token.text });
    if (token.type === "text" && !token.tokens) {
      for (const [, text] of plain(token.text).matchAll(new RegExp(`${opening}([^${closing}]*)${closing}`, "gu"))) found.push({ mark: "said", text });
    }
  });
  return found;
}
const plain = (text) => text.replace(/\s+/g, " ");

/**
 * Keys and families of codes of what a finger presses: said within a button, a label or the like of the screens, or as
 * the name of a place or of something to hold.
 */
function pressed(root) {
  const files = readdirSync(join(root, "pwa/src"), { recursive: true }).filter((file) => file.endsWith(".svelte"));
  const found = new Set();
  for (const file of files) {
    const source = readFileSync(join(root, "pwa/src", file), "utf8");
    const parts = [
      ...source.matchAll(/<(button|summary|label)\b[\s\S]*?<\/\1>/g),
      ...source.matchAll(/<Hold\b[\s\S]*?\/>/g),
      // What a part of the screens is given to show on what is pressed.
      ...source.matchAll(/\b(?:label|button)(?:: ?|=\{)say\("[^"]*"/g),
    ];
    for (const [part] of parts) for (const [, key] of part.matchAll(/\b(?:say|code)\(["']([a-z0-9-]+)["']/g)) found.add(key);
  }
  return (key) => found.has(key) || [...found].some((family) => CODES.has(family) && key.startsWith(`${family}-`));
}
const CODES = new Set(["activity", "setting", "finding", "method", "follow-up", "role"]);

/** What is wrong with the guide, one sentence each. `pictures`: whether they have been drawn. */
export function faults(root, { pictures: drawn = true } = {}) {
  const guide = join(root, "docs/guide");
  const problems = [];
  const outlines = {};
  for (const tag of Object.keys(LANGUAGES)) {
    const ftl = readFileSync(join(root, `pwa/messages/${tag}.ftl`), "utf8");
    const says = { said: sayings(ftl), pressed: sayings(ftl, pressed(root)) };
    const pages = readPages(guide, tag);
    const slugs = new Set(pages.map(({ slug }) => slug));
    const reached = new Set(["index"]);
    const shown = new Set();
    outlines[tag] = new Map();
    for (const page of pages) {
      const where = `${tag}/${page.file}`;
      const outline = [];
      try {
        content(page, tag, { pictures: true });
      } catch (error) {
        problems.push(error.message);
      }
      for (const { mark, text } of marks(page, tag)) if (!says[mark](text)) problems.push(`${where}: the app has no such words (${mark}): ${text}`);
      walk(page.tokens, (token) => {
        if (token.type === "heading") outline.push(`h${token.depth}`);
        if (["list", "table", "blockquote"].includes(token.type)) outline.push(token.type);
        if (token.type === "link") {
          const slug = linked(token.href);
          if (slug === null || !slugs.has(slug)) problems.push(`${where}: a link to nowhere: ${token.href}`);
          else reached.add(slug);
          outline.push(`link ${slug}`);
        }
        if (token.type !== "image") return;
        const picture = pictured(token.href);
        if (picture?.tag !== tag) return void problems.push(`${where}: no picture of this language: ${token.href}`);
        if (drawn && !existsSync(join(guide, tag, token.href))) problems.push(`${where}: a picture that is not there: ${token.href}`);
        if (token.text.trim() === "") problems.push(`${where}: a picture without words: ${token.href}`);
        shown.add(`${picture.name}.webp`);
        outline.push(`picture ${picture.name}`);
      });
      outlines[tag].set(page.slug, outline.join(", "));
    }
    for (const slug of slugs) if (!reached.has(slug)) problems.push(`${tag}/${slug}: no page leads there`);
    const pictures = join(guide, "pictures", tag);
    const kept = existsSync(pictures) ? readdirSync(pictures) : [];
    for (const name of kept) if (drawn && !shown.has(name)) problems.push(`pictures/${tag}/${name}: no page shows it`);
  }
  const [first, ...others] = Object.entries(outlines);
  for (const [tag, outline] of others) {
    for (const slug of new Set([...first[1].keys(), ...outline.keys()])) {
      const [one, other] = [first[1].get(slug), outline.get(slug)];
      if (one !== other) problems.push(`${slug}: ${first[0]} has ${one ?? "no such page"}; ${tag} has ${other ?? "no such page"}`);
    }
  }
  return problems;
}
