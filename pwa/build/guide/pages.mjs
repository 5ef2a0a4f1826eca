// The guide: docs/guide/<language>/*.md as pages. `README.md` is the first one.
//
// Three marks have a meaning (words.mjs holds them to it): **bold** is what a finger presses in the app, “quoted” or
// «quoted» is what the app says, *italic* is of the phone or of another program.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Marked } from "marked";

/** Tag and own name. Quotation marks: what stands between them is said by the app. */
export const LANGUAGES = { es: { name: "Español", quotes: "«»" }, en: { name: "English", quotes: "“”" } };

const SLUG = /^([a-z-]+)\.md$/;
const PICTURE = /^\.\.\/pictures\/(es|en)\/([a-z0-9-]+)\.webp$/;

/** All pages of a language, the first one first. */
export function readPages(guide, tag) {
  const folder = join(guide, tag);
  const files = readdirSync(folder).filter((file) => file.endsWith(".md"));
  const pages = files.map((file) => {
    const tokens = new Marked().lexer(readFileSync(join(folder, file), "utf8"));
    const [title, ...body] = tokens;
    if (title?.type !== "heading" || title.depth !== 1) throw new Error(`${tag}/${file} begins with no title`);
    return { slug: file === "README.md" ? "index" : file.slice(0, -3), file, title: title.text, tokens: body };
  });
  return pages.sort((a, b) => Number(b.slug === "index") - Number(a.slug === "index") || a.slug.localeCompare(b.slug, "en"));
}

/** Every token, outside in. */
export function walk(tokens, visit) {
  new Marked().walkTokens(tokens, visit);
}

/** The page that a link of the guide leads to, as its slug; null: nowhere in the guide. */
export function linked(href) {
  return href === "README.md" ? "index" : (SLUG.exec(href)?.[1] ?? null);
}

/** What a picture is called, in which language; null: it is no picture of the guide's. */
export function pictured(href) {
  const [, tag, name] = PICTURE.exec(href) ?? [];
  return name ? { tag, name } : null;
}

/** The pictures that docs/PHONE.md names, with their language: `01-language-en`. */
export function phonePictures(docs) {
  return [...readFileSync(join(docs, "PHONE.md"), "utf8").matchAll(/\(pictures\/([a-z0-9-]+)\.webp\)/g)].map(([, name]) => name);
}

export const address = (tag, slug) => (slug === "index" ? `/guide/${tag}/` : `/guide/${tag}/${slug}.html`);

/**
 * A page's content without its title: texts, and elements as `[name, attributes, ...children]`. `pictures`: whether they
 * are there; the app stores none. What the guide has no need for is an error, HTML above all.
 */
export function content(page, tag, { pictures }) {
  const all = (tokens = []) => tokens.flatMap(one);
  const one = (token) => {
    const inner = () => all(token.tokens);
    switch (token.type) {
      case "space":
      case "hr":
        return [];
      case "text":
        return token.tokens ? inner() : [token.text];
      case "escape":
        return [token.text];
      case "heading":
        return [[`h${token.depth}`, {}, ...inner()]];
      case "strong":
      case "em":
      case "blockquote":
        return [[token.type, {}, ...inner()]];
      case "codespan":
        return [["code", {}, token.text]];
      case "paragraph": {
        const shown = token.tokens.every(({ type, raw }) => type === "image" || raw.trim() === "");
        return shown && !pictures ? [] : [["p", shown ? { class: "pictures" } : {}, ...inner()]];
      }
      case "list":
        return [[token.ordered ? "ol" : "ul", {}, ...token.items.map(({ tokens }) => ["li", {}, ...all(tokens)])]];
      case "link": {
        const slug = linked(token.href);
        if (slug !== null) return [["a", { href: address(tag, slug), "data-page": slug }, ...inner()]];
        break;
      }
      case "image":
        return pictures ? [["img", { src: token.href, alt: token.text, width: "360", height: "740", loading: "lazy" }]] : [];
      case "table": {
        // What is filled in by hand: a cell without a word has room for one.
        const cell = (name, { tokens }) => (tokens.length === 0 ? ["td", {}] : [name, name === "th" ? { scope: "col" } : {}, ...all(tokens)]);
        const rows = [token.header.map((head) => cell("th", head)), ...token.rows.map((row) => row.map((one) => cell("td", one)))];
        // A table for a pen has no words in its head.
        const used = token.header.some(({ tokens }) => tokens.length > 0) ? rows : rows.slice(1);
        return [["table", {}, ["tbody", {}, ...used.map((cells) => ["tr", {}, ...cells])]]];
      }
    }
    throw new Error(`${tag}/${page.file}: not for the guide: ${token.raw}`);
  };
  return all(page.tokens);
}

/** The same as a page of HTML. */
export function html(nodes) {
  return nodes
    .map((node) => {
      if (typeof node === "string") return escape(node);
      const [name, attributes, ...children] = node;
      const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
      return `<${name}${written.join("")}>${name === "img" ? "" : `${html(children)}</${name}>`}`;
    })
    .join("");
}

export function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
