import { keep, kept } from "../core/kept";
import { writePrefs } from "../core/prefs";

/** Under which name and icon the app is put on the home screen: its own, or one that says nothing. */
const OWN = { title: "Campana", manifest: "/manifest.webmanifest", icon: "/icon.svg", touch: "/icon-180.png" };
const NEUTRAL = { title: "Agenda", manifest: "/manifest-neutral.webmanifest", icon: "/neutral.svg", touch: "/neutral-180.png" };

let neutral = $state(false);

export const appearance = {
  get neutral(): boolean {
    return neutral;
  },
};

export function chooseNeutral(on: boolean): void {
  neutral = on;
  void writePrefs({ neutral: on });
  keep("neutral", on ? "1" : null);
  const { title, manifest, icon, touch } = on ? NEUTRAL : OWN;
  document.title = title;
  const link = (rel: string, href: string) => document.querySelector(`link[rel="${rel}"]`)?.setAttribute("href", href);
  link("manifest", manifest);
  link("icon", icon);
  link("apple-touch-icon", touch);
}

export function startAppearance(): void {
  if (kept("neutral") !== null) chooseNeutral(true);
}
