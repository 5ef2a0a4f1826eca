import "./ui/tokens.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { open } from "./core/client";
import { readPrefs } from "./core/prefs";
import { catchFragment, openedLink, putAside, tellOf } from "./link.svelte";
import { go, startPlaces } from "./place.svelte";
import { startAppearance } from "./ui/appearance.svelte";
import { startTheme } from "./ui/theme.svelte";
import { startWords } from "./words/words.svelte";

catchFragment();
startTheme();
startAppearance();
startPlaces();

/** Longer than this the first screen does not wait to know whether this device is in a network, ms. */
const PATIENCE = 300;

const words = startWords();
const client = open(words);
const known = Promise.race([readPrefs(), new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE))]);

/** What a notification was about: the desk, or an incident by its id, which is longer. */
function show(what: string): void {
  // Whatever stands in front of it.
  putAside();
  if (what === "desk") go("desk");
  else go("incident", what);
}

async function followOpened(): Promise<void> {
  const link = openedLink();
  if (link === null) return;
  const what = /#open=([\w-]+)$/.exec(link)?.[1];
  if (what) return show(what);
  await tellOf(client, link);
}

addEventListener("hashchange", () => {
  catchFragment();
  void followOpened().catch(() => undefined);
});

// A tap on a notification, while a window was open.
navigator.serviceWorker?.addEventListener("message", ({ data }: MessageEvent<{ open?: string }>) => {
  if (typeof data?.open === "string") show(data.open);
});

/** No words came, in any language: these are in the page itself. */
function wordless(): void {
  const [text, again] = [document.createElement("p"), document.createElement("button")];
  text.textContent = "No se pudo abrir. Revisa la conexión. · It could not be opened. Check the connection.";
  again.textContent = "Intentar otra vez · Try again";
  again.addEventListener("click", () => location.reload());
  document.getElementById("app")?.append(text, again);
}

void Promise.all([words, known]).then(([, prefs]) => {
  const target = document.getElementById("app");
  if (target) mount(App, { target, props: { client, member: prefs?.member ?? false } });
  return followOpened().catch(() => undefined);
}, wordless);
