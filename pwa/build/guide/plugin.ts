/**
 * The guide twice: as pages that the relay serves below /guide, without scripts, and as text that the app stores,
 * one module a language (`virtual:guide-es`). The build fails where the guide says what the app does not.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { FluentBundle, FluentResource } from "@fluent/bundle";
import type { Plugin } from "vite";

import { LANGUAGES, address, content, escape, html, readPages } from "./pages.mjs";
import { faults } from "./words.mjs";

const MODULE = /^virtual:guide-(es|en)$/;
type Tag = keyof typeof LANGUAGES;
const TAGS = Object.keys(LANGUAGES) as Tag[];

export function guide(root: string): Plugin {
  const folder = join(root, "../docs/guide");
  return {
    name: "campana-guide",
    resolveId: (id) => (MODULE.test(id) ? `\0${id}` : undefined),
    load(id) {
      const tag = MODULE.exec(id.slice(1))?.[1] as Tag | undefined;
      if (!tag) return undefined;
      const pages = readPages(folder, tag).map((page) => ({
        slug: page.slug,
        title: page.title,
        text: content(page, tag, { pictures: false }),
      }));
      return `export default ${JSON.stringify(pages)};`;
    },
    buildStart() {
      // A picture is drawn by the app that is being built.
      const found = faults(join(root, ".."), { pictures: false });
      if (found.length > 0) this.error(found.join("\n"));
    },
    generateBundle() {
      const emit = (fileName: string, source: string | Uint8Array) => this.emitFile({ type: "asset", fileName, source });
      for (const tag of TAGS) {
        for (const page of readPages(folder, tag)) emit(`guide/${tag}/${page.slug}.html`, written(root, tag, page));
        for (const picture of readdirSync(join(folder, "pictures", tag)).filter((name) => name.endsWith(".webp"))) {
          emit(`guide/pictures/${tag}/${picture}`, readFileSync(join(folder, "pictures", tag, picture)));
        }
      }
      const [tokens, own] = [join(root, "src/ui/tokens.css"), join(import.meta.dirname, "page.css")];
      emit("guide/guide.css", readFileSync(tokens, "utf8") + readFileSync(own, "utf8"));
    },
  };
}

function written(root: string, tag: Tag, page: ReturnType<typeof readPages>[number]): string {
  const bundle = new FluentBundle(tag);
  bundle.addResource(new FluentResource(readFileSync(join(root, `messages/${tag}.ftl`), "utf8")));
  const say = (key: string) => bundle.formatPattern(bundle.getMessage(key)?.value ?? key);
  const others = TAGS.filter((other) => other !== tag).map(
    (other) => `<a href="${address(other, page.slug)}" lang="${other}" hreflang="${other}">${LANGUAGES[other].name}</a>`,
  );
  return `<!doctype html>
<html lang="${tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="robots" content="noindex">
<title>${escape(page.title)} · ${say("app-name")}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/guide/guide.css">
</head>
<body>
<header><a href="/">${say("app-name")}</a><a href="${address(tag, "index")}">${say("guide")}</a>${others.join("")}</header>
<main class="guide ${page.slug}">
<h1>${escape(page.title)}</h1>
${html(content(page, tag, { pictures: true }))}
</main>
</body>
</html>
`;
}
