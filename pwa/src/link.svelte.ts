/** A link that was opened, scanned or pasted. It holds a secret: it leaves the address bar and the
 * history at once and is kept in memory only. */
export type Target =
  | { kind: "operator"; link: string }
  | { kind: "join"; link: string; name: string; committee: boolean };

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
