/** Dark, light, or as the phone has it. */
export const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "campana-theme";
let chosen = $state<Theme>("system");

export const theme = {
  get now(): Theme {
    return chosen;
  },
};

export function chooseTheme(next: Theme): void {
  chosen = next;
  localStorage.setItem(KEPT, next);
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

export function startTheme(): void {
  const kept = THEMES.find((theme) => theme === localStorage.getItem(KEPT));
  if (kept) chooseTheme(kept);
}
