/**
 * What somebody has brought or typed and not yet sent: a reload, or the back button, loses none of it. It is kept in
 * this tab's `sessionStorage`: until it was used or put away, until its time is over, or until the tab is closed.
 * No other tab and no server sees it. With a PIN nothing that was typed is kept (`draft.svelte.ts`).
 */
const PREFIX = "campana-held-";

/** An invite may be read now and followed after work; a name or a report belongs to the moment, ms. */
const LASTS = { link: 24 * 60 * 60_000, pasted: 10 * 60_000, handle: 60 * 60_000, network: 60 * 60_000, report: 10 * 60_000, drill: 10 * 60_000 };

export type Held = keyof typeof LASTS;

export function hold(what: Held, value: string | null): void {
  try {
    if (value === null || value === "") sessionStorage.removeItem(PREFIX + what);
    else sessionStorage.setItem(PREFIX + what, JSON.stringify({ at: Date.now(), value }));
  } catch {
    // It holds until the page is loaded anew.
  }
}

export function held(what: Held): string | null {
  try {
    const { at, value } = JSON.parse(sessionStorage.getItem(PREFIX + what) ?? "{}") as { at?: number; value?: string };
    if (typeof value === "string" && Math.abs(Date.now() - (at ?? 0)) < LASTS[what]) return value;
    hold(what, null);
  } catch {
    // Nothing is kept here.
  }
  return null;
}

/** Forgets all of it. */
export function forgetHeld(): void {
  for (const what of Object.keys(LASTS) as Held[]) hold(what, null);
}
