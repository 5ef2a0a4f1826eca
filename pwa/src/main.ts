import "./ui/tokens.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { open } from "./core/client";
import { catchFragment, follow, openedLink } from "./link.svelte";
import { go, startPlaces } from "./place.svelte";
import { startAppearance } from "./ui/appearance.svelte";
import { startTheme } from "./ui/theme.svelte";
import { startWords } from "./words/words.svelte";

catchFragment();
startTheme();
startAppearance();
startPlaces();

const words = startWords();
const client = open(words);

async function followOpened(): Promise<void> {
  const link = openedLink();
  if (link === null) return;
  const incident = /#open=([\w-]+)$/.exec(link)?.[1];
  if (incident) return go("incident", incident);
  const target = await client.describe(link);
  if (target === "operator") follow({ kind: "operator", link });
  else if ("join" in target) follow({ kind: "join", link, ...target.join });
}

addEventListener("hashchange", () => {
  catchFragment();
  void followOpened();
});

// A tap on a notification, while a window was open.
navigator.serviceWorker?.addEventListener("message", ({ data }: MessageEvent<{ open?: string }>) => {
  if (typeof data?.open === "string") go("incident", data.open);
});

void words.then(() => {
  const target = document.getElementById("app");
  if (target) mount(App, { target, props: { client } });
  return followOpened();
});
