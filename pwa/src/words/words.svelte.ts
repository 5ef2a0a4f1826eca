/** What the screens say, in the reader's language. */
import { FluentBundle, FluentResource } from "@fluent/bundle";

import { keep, kept } from "../core/kept";
import { writePrefs } from "../core/prefs";
import type { Messages } from "./keys";

export type Language = "es" | "en";

/** Each in its own words. */
export const LANGUAGES: Record<Language, string> = { es: "Español", en: "English" };

const FILES: Record<Language, () => Promise<{ default: string }>> = {
  es: () => import("../../messages/es.ftl?raw"),
  en: () => import("../../messages/en.ftl?raw"),
};

let bundle = $state.raw<FluentBundle | null>(null);
let chosen = $state<Language | null>(null);

/** The language in use; `null` until one was chosen. */
export function language(): Language | null {
  return chosen;
}

/** The language chosen earlier, if any, is in use afterwards; else the browser's is shown. Whichever
 * comes: words in another language are better than none. */
export async function startWords(): Promise<void> {
  const earlier = kept("language");
  if (earlier === "es" || earlier === "en") {
    if (await choose(earlier)) return;
    await load(other(earlier));
    chosen = other(earlier);
    return;
  }
  const own = navigator.languages.some((tag) => tag.startsWith("es")) ? "es" : "en";
  await load(own).catch(() => load(other(own)));
}

const other = (language: Language): Language => (language === "es" ? "en" : "es");

/** Takes effect at once, everywhere. False if its words did not come: the ones there were stay. */
export async function choose(language: Language): Promise<boolean> {
  try {
    await load(language);
  } catch {
    return false;
  }
  keep("language", language);
  // Notifications speak it too.
  void writePrefs({ language });
  chosen = language;
  return true;
}

async function load(language: Language): Promise<void> {
  const { default: text } = await FILES[language]();
  // Isolation marks are for mixed directions; these languages have one.
  const next = new FluentBundle(language, { useIsolating: false });
  next.addResource(new FluentResource(text));
  bundle = next;
  document.documentElement.lang = language;
}

type Args<K extends keyof Messages> = Messages[K] extends undefined ? [] : [Messages[K]];

export function say<K extends keyof Messages>(key: K, ...args: Args<K>): string {
  return format(key, args[0]);
}

/** The words of a code of the core. One that this version does not know is shown as it is. */
export function code(kind: string, word: string): string {
  return format(`${kind}-${word}`) || word;
}

function format(key: string, args?: Record<string, string | number>): string {
  const pattern = bundle?.getMessage(key)?.value;
  return pattern ? (bundle?.formatPattern(pattern, args ?? null) ?? "") : "";
}

/** How long ago, roughly. */
export function age(at: number, now: number): string {
  const minutes = Math.floor(Math.max(now - at, 0) / 60_000);
  if (minutes < 1) return say("age-now");
  if (minutes < 60) return say("age-minutes", { n: minutes });
  if (minutes < 24 * 60) return say("age-hours", { n: Math.floor(minutes / 60) });
  return say("age-days", { n: Math.floor(minutes / (24 * 60)) });
}

/** A count, as the reader writes it. */
export function number(count: number): string {
  return new Intl.NumberFormat(bundle?.locales[0]).format(count);
}

/** A day, as the reader writes it. */
export function day(at: number): string {
  return new Intl.DateTimeFormat(bundle?.locales[0], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(at);
}
