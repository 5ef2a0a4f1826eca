// Writes src/words/keys.ts from messages/*.ftl, and fails where languages differ, a key is used
// that nobody wrote, or one was written that nobody uses. `--check`: fails if keys.ts is not fresh.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { FluentParser } from "@fluent/syntax";

const root = join(import.meta.dirname, "..");
const problems = [];

/** Key -> names of its arguments. */
function messages(file) {
  const resource = new FluentParser().parse(readFileSync(join(root, "messages", file), "utf8"));
  const found = new Map();
  for (const entry of resource.body) {
    if (entry.type === "Junk") problems.push(`${file}: ${entry.content.trim().split("\n")[0]}`);
    if (entry.type !== "Message") continue;
    const names = new Set();
    const walk = (node) => {
      if (!node || typeof node !== "object") return;
      if (node.type === "VariableReference") names.add(node.id.name);
      for (const value of Object.values(node)) Array.isArray(value) ? value.forEach(walk) : walk(value);
    };
    walk(entry.value);
    if (found.has(entry.id.name)) problems.push(`${file}: ${entry.id.name} is there twice`);
    found.set(entry.id.name, [...names].sort());
  }
  return found;
}

const files = readdirSync(join(root, "messages")).filter((file) => file.endsWith(".ftl"));
const languages = files.map((file) => [file, messages(file)]);
const [, reference] = languages[0];
for (const [file, found] of languages.slice(1)) {
  for (const [key, names] of reference) {
    if (!found.has(key)) problems.push(`${file}: ${key} is missing`);
    else if (found.get(key).join() !== names.join()) problems.push(`${file}: ${key} has other arguments`);
  }
  for (const key of found.keys()) if (!reference.has(key)) problems.push(`${files[0]}: ${key} is missing`);
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && entry.name !== "keys.ts" ? [readFileSync(path, "utf8")] : [];
  });
}
const text = sources(join(root, "src")).join("\n");
const used = new Set([...text.matchAll(/say\(\s*"([a-z0-9-]+)"/g)].map((match) => match[1]));
for (const match of text.matchAll(/[kK]ey(?::|=)\s*"([a-z0-9-]+)"/g)) used.add(match[1]);
const families = new Set([...text.matchAll(/code\(\s*"([a-z-]+)"/g)].map((match) => match[1]));

// Every code of the core has words.
const codes = readFileSync(join(root, "src/core/generated/codes.ts"), "utf8");
const types = readFileSync(join(root, "src/core/generated/core.d.ts"), "utf8");
const list = (name) => [...codes.match(new RegExp(`${name} = \\[(.*?)\\]`))[1].matchAll(/"([^"]+)"/g)].map((m) => m[1]);
const union = (name) => [...types.match(new RegExp(`type ${name} = (.*?);`))[1].matchAll(/"([^"]+)"/g)].map((m) => m[1]);
const trouble = [...readFileSync(join(root, "src/core/trouble.ts"), "utf8").matchAll(/^ {2}\| "([a-z-]+)"/gm)].map((m) => m[1]);
const kinds = {
  size: list("SIZES"), activity: list("ACTIVITIES"), setting: list("SETTINGS"), unit: list("UNITS"),
  when: list("WHENS"), equipment: list("EQUIPMENT"), finding: list("FINDINGS"), method: list("METHODS"),
  "follow-up": list("FOLLOW_UPS"), role: [...list("ROLES"), "committee", "none"],
  error: [...list("REFUSALS"), "unknown-id", "unknown-code", "storage-full"],
  status: union("Status"), warning: union("Warning"), person: union("PersonState"),
  stage: union("Stage").filter((stage) => !["nowhere", "founding", "member"].includes(stage)),
  alerts: union("AlertsState"), oncall: union("BellDuty"), trouble,
};
for (const [kind, words] of Object.entries(kinds)) {
  if (!families.has(kind)) problems.push(`no screen says codes of the kind ${kind}`);
  for (const word of words) {
    used.add(`${kind}-${word}`);
    if (!reference.has(`${kind}-${word}`)) problems.push(`${kind}-${word} has no words`);
  }
}
for (const key of used) if (!reference.has(key)) problems.push(`${key} is used and not written`);
for (const key of reference.keys()) if (!used.has(key)) problems.push(`${key} is written and not used`);

const lines = [...reference].map(([key, names]) => {
  const args = names.length === 0 ? "undefined" : `{ ${names.map((name) => `${name}: string | number`).join("; ")} }`;
  return `  "${key}": ${args};`;
});
const output = `// Written by scripts/messages.mjs from messages/. Not to be edited.\n\nexport interface Messages {\n${lines.join("\n")}\n}\n`;
const target = join(root, "src/words/keys.ts");
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== output) problems.push("src/words/keys.ts is not fresh: npm run messages");
} else {
  writeFileSync(target, output);
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
