/**
 * What may be said before the core is there, or without a connection: whether this device belongs to a
 * network, and until when what it knows was all there was. It is kept beside the store and names nobody.
 */
import type { Writable } from "svelte/store";

import type { View } from "./generated/core";
import type { Link } from "./link";
import { type Prefs, writePrefs } from "./prefs";

/** Unix milliseconds; null: never yet. */
export type UpTo = "now" | number | null;

export class Standing {
  private current: UpTo;
  private member: boolean;

  constructor(
    private readonly upTo: Writable<UpTo>,
    { caughtUpAt, member }: Prefs,
  ) {
    this.current = caughtUpAt === 0 ? null : caughtUpAt;
    this.member = member;
    upTo.set(this.current);
    // A page that is out of sight may be ended without being told.
    document.addEventListener("visibilitychange", () => {
      if (this.current === "now") void writePrefs({ caughtUpAt: Date.now() });
    });
  }

  saw({ view, link }: { view?: View; link: Link }): void {
    if (!view) return;
    this.belongs(view.stage !== "nowhere");
    if (!["member", "founding"].includes(view.stage)) this.set(null);
    else if (view.caught_up && link === "online") this.set("now");
    else if (this.current === "now") this.set(Date.now());
  }

  private belongs(member: boolean): void {
    if (member === this.member) return;
    this.member = member;
    void writePrefs({ member });
  }

  private set(next: UpTo): void {
    if (next === this.current) return;
    this.current = next;
    this.upTo.set(next);
    void writePrefs({ caughtUpAt: next === "now" ? Date.now() : (next ?? 0) });
  }
}
