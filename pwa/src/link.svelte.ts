/** A link that was opened, scanned or pasted. It holds a secret: it leaves the address bar and the
 * history at once and is kept in memory only. */
import type { Client } from "./core/client";

export type Target =
  | { kind: "operator"; link: string }
  | { kind: "join"; link: string; name: string; committee: boolean }
  /** Of another relay: this app can't reach it. */
  | { kind: "elsewhere"; link: string };

let target = $state.raw<Target | null>(null);
let opened: string | null = null;

export function takeLink(): { readonly target: Target | null } {
  return {
    get target() {
      return target;
    },
  };
}

export function follow(next: Target | null): void {
  target = next;
}

/** Follows a link to wherever it leads; why it leads nowhere, if so. */
export async function followLink(client: Client, text: string): Promise<string | null> {
  const link = text.trim();
  const found = await client.describe(link);
  if (typeof found === "object" && "error" in found) return found.error;
  const origin = originOf(link);
  if (origin === null) return "link-damaged";
  if (origin !== location.origin) follow({ kind: "elsewhere", link });
  else if (found === "operator") follow({ kind: "operator", link });
  else follow({ kind: "join", link, ...found.join });
  return null;
}

function originOf(link: string): string | null {
  try {
    return new URL(link).origin;
  } catch {
    return null;
  }
}

/** Takes the secret out of the address bar, before anything else runs. */
export function catchFragment(): void {
  if (location.hash.length > 1) opened = location.href;
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
}

/** The link that the app was opened with. */
export function openedLink(): string | null {
  const link = opened;
  opened = null;
  return link;
}
