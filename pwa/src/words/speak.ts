/** The same words without screens, for the service worker. */
import { FluentBundle, FluentResource } from "@fluent/bundle";

import en from "../../messages/en.ftl?raw";
import es from "../../messages/es.ftl?raw";

import type { Messages } from "./keys";

const FILES = { en, es };

type Args<K extends keyof Messages> = Messages[K] extends undefined ? [] : [Messages[K]];

export interface Speech {
  language: "es" | "en";
  say<K extends keyof Messages>(key: K, ...args: Args<K>): string;
  /** The words of a code of the core. */
  code(kind: string, word: string): string;
}

/** `language`: as chosen, or the browser's. */
export function speech(chosen: "es" | "en" | null): Speech {
  const language = chosen ?? (navigator.languages.some((tag) => tag.startsWith("es")) ? "es" : "en");
  const bundle = new FluentBundle(language, { useIsolating: false });
  bundle.addResource(new FluentResource(FILES[language]));
  const format = (key: string, args?: Record<string, string | number>) => {
    const pattern = bundle.getMessage(key)?.value;
    return pattern ? bundle.formatPattern(pattern, args ?? null) : "";
  };
  return {
    language,
    say: (key, ...args) => format(key, args[0]),
    code: (kind, word) => format(`${kind}-${word}`) || word,
  };
}
