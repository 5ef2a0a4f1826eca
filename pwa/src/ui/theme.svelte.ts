import { keep, kept } from "../core/kept";

/** Dark, light, or as the phone has it. */
export const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

let chosen = $state<Theme>("system");

export const theme = {
  get now(): Theme {
    return chosen;
  },
};

export function chooseTheme(next: Theme): void {
  chosen = next;
  keep("theme", next);
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

export function startTheme(): void {
  const earlier = THEMES.find((theme) => theme === kept("theme"));
  if (earlier) chooseTheme(earlier);
}
