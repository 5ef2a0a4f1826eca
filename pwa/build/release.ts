/**
 * What comes after the bundle: integrity of what the page loads, the service worker with the list
 * of everything it stores, and a brotli copy of each file, so that the relay compresses nothing.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

import { type Plugin, build } from "vite";

import app from "../package.json";
import { fingerprint, integrity } from "../src/core/fingerprint";

const brotli = promisify(brotliCompress);

/** For whoever mends the app, and the guide's pages with pictures, whose text is in the app. */
const NOT_STORED = /\.map$|^guide\//;

export function release(root: string): Plugin {
  const dist = join(root, "dist");
  let failed = false;
  return {
    name: "campana-release",
    apply: "build",
    config: () => ({ define: { __APP_VERSION__: JSON.stringify(app.version) } }),
    buildEnd(error) {
      failed = error !== undefined;
    },
    async closeBundle() {
      if (failed) return;
      await signPage(dist);
      const files = await list(dist);
      const precache = await Promise.all(
        files
          .filter((file) => !NOT_STORED.test(file) && file !== "sw.js")
          .map(async (file) => ({
            url: file === "index.html" ? "/" : `/${file}`,
            integrity: await integrity(await readFile(join(dist, file))),
          })),
      );
      const version = createHash("sha256").update(JSON.stringify(precache)).digest("hex").slice(0, 12);
      await build({
        configFile: false,
        root,
        logLevel: "warn",
        define: { __PRECACHE__: JSON.stringify(precache), __VERSION__: JSON.stringify(version) },
        publicDir: false,
        build: {
          outDir: dist,
          emptyOutDir: false,
          copyPublicDir: false,
          rolldownOptions: {
            input: join(root, "src/sw/sw.ts"),
            output: { format: "iife", entryFileNames: "sw.js", codeSplitting: false },
          },
        },
      });
      // The same as the app shows of what is installed: src/core/release.ts.
      const worker = { url: "/sw.js", integrity: await integrity(await readFile(join(dist, "sw.js"))) };
      await writeFile(join(dist, "version.txt"), `${app.version} ${await fingerprint([...precache, worker])}\n`);
      await Promise.all((await list(dist)).map((file) => compress(join(dist, file))));
    },
  };
}

async function list(dist: string): Promise<string[]> {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".br"))
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
    .sort();
}

/** The page names what it loads by its hash: truncated or mixed versions do not start. */
async function signPage(dist: string): Promise<void> {
  const path = join(dist, "index.html");
  let page = await readFile(path, "utf8");
  for (const [tag, file] of [...page.matchAll(/<(?:script|link)[^>]*(?:src|href)="\/(assets\/[^"]+)"[^>]*>/g)].map(
    (match) => [match[0], match[1]] as const,
  )) {
    if (!file || tag.includes("integrity=")) continue;
    const hash = await integrity(await readFile(join(dist, file)));
    page = page.replace(tag, tag.replace(/>$/, ` integrity="${hash}">`));
  }
  await writeFile(path, page);
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  if ((await stat(path)).size < 256 || /\.(png|webp|woff2)$/.test(path)) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
  await writeFile(`${path}.br`, await brotli(bytes, { params }));
}
