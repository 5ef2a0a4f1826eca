import "./ui/tokens.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { open } from "./core/client";
import { catchFragment, follow, openedLink } from "./link.svelte";
import { startPlaces } from "./place.svelte";
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
  const target = await client.describe(link);
  if (target === "operator") follow({ kind: "operator", link });
  else if ("join" in target) follow({ kind: "join", link, ...target.join });
}

addEventListener("hashchange", () => {
  catchFragment();
  void followOpened();
});

void words.then(() => {
  const target = document.getElementById("app");
  if (target) mount(App, { target, props: { client } });
  return followOpened();
});
