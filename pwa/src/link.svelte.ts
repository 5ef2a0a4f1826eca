/** A link that was opened, scanned or pasted. It holds a secret: it leaves the address bar and the history at once,
 * and is held in this tab alone (`held.ts`) until it was followed or put away. */
import { held, hold } from "./core/held";
import type { Client } from "./core/client";

export type Target =
  /** The core is not here yet to read it. */
  | { kind: "pending" }
  | { kind: "operator"; link: string }
  | { kind: "join"; link: string; name: string; committee: boolean }
  /** Of another relay: this app can't reach it. */
  | { kind: "elsewhere"; link: string }
  /** It leads nowhere; the word says why. */
  | { kind: "wrong"; error: string };

let target = $state.raw<Target | null>(null);
/** It is here and its owner has gone back: one tap leads to it again. */
let aside = $state.raw<Target | null>(null);
let opened: string | null = null;

export function takeLink(): { readonly target: Target | null; readonly aside: Target | null } {
  return {
    get target() {
      return target;
    },
    get aside() {
      return aside;
    },
  };
}

/** The link has done what it was for, or is of no use. */
export function dropLink(): void {
  target = aside = null;
  hold("link", null);
}

/** Its owner looks at something else first. */
export function putAside(): void {
  if (target?.kind === "wrong") return dropLink();
  if (target !== null) aside = target;
  target = null;
}

export function takeUp(): void {
  target = aside;
  aside = null;
}

/** Follows a text to wherever it leads; why it leads nowhere, if so. */
export async function followLink(client: Client, text: string): Promise<string | null> {
  const next = await read(client, text);
  if (next.kind === "wrong") return next.error;
  hold("link", text);
  aside = null;
  target = next;
  return null;
}

async function read(client: Client, text: string): Promise<Target> {
  const found = await client.describe(text);
  if ("error" in found) return { kind: "wrong", error: found.error };
  const { link, relay } = "operator" in found ? found.operator : found.join;
  if (relay !== location.origin) return { kind: "elsewhere", link };
  return "operator" in found ? { kind: "operator", link } : { kind: "join", ...found.join };
}

/** What a link is marked by, also where an app has put its secret into another part of the address. */
const MARKED = /(join|operator)(=|%3d)/i;

/** Takes the secret out of the address bar, before anything else runs. */
export function catchFragment(): void {
  const { hash, search, href } = location;
  const brought = hash.length > 1 || MARKED.test(search);
  if (brought) opened = href;
  if (brought || hash !== "" || search !== "") history.replaceState(history.state, "", location.pathname);
  const what = opened === null ? held("link") : opened;
  if (what === null || /#open=[\w-]+$/.test(what)) return;
  hold("link", what);
  opened = what;
  target = { kind: "pending" };
}

/** What the app was opened with: a link, or what a notification was about. */
export function openedLink(): string | null {
  const link = opened;
  opened = null;
  return link;
}

/** Tells what became of a link that the app was opened with. Without the core it stays pending: it is asked
 * for again, and after a reload the link is still here. */
export async function tellOf(client: Client, link: string): Promise<void> {
  const next = await read(client, link);
  aside = null;
  target = next;
}
