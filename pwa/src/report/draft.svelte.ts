/**
 * A report as it is being written. It is here and not in its screens so that going back, or trouble, loses
 * none of it. What somebody was about to report is evidence: for a reload it is held in this tab for ten minutes
 * (`core/held.ts`), and where there is a PIN in memory only.
 */
import { held, hold } from "../core/held";

export interface Draft {
  activity: string;
  zone: number;
  setting: string;
  size: string;
  when: string;
  units: string[];
  equipment: string[];
  words: string;
  /** The incident that it has become. */
  sent: string | null;
  touchedAt: number;
}

/** What was left for longer is another event, ms. */
const STALE = 10 * 60_000;

const blank = (): Draft => ({
  activity: "", zone: 0, setting: "unknown", size: "unknown", when: "now", units: [], equipment: [], words: "", sent: null, touchedAt: 0,
});

/** A drill is written in a place of its own. */
const drafts = $state({ report: kept("report"), drill: kept("drill") });
let mayHold = $state(true);

function kept(kind: "report" | "drill"): Draft {
  try {
    return { ...blank(), ...(JSON.parse(held(kind) ?? "{}") as Partial<Draft>) };
  } catch {
    return blank();
  }
}

/** With a PIN nothing of a draft is held outside memory. */
export function holdDrafts(may: boolean): void {
  mayHold = may;
}

$effect.root(() => {
  for (const kind of ["report", "drill"] as const) {
    $effect(() => {
      const { activity, sent } = drafts[kind];
      const written = JSON.stringify(drafts[kind]);
      hold(kind, mayHold && (activity !== "" || sent !== null) ? written : null);
    });
  }
});

export function draft(drill: boolean): Draft {
  return drafts[drill ? "drill" : "report"];
}

/** A blank one. */
export function renew(drill: boolean): void {
  drafts[drill ? "drill" : "report"] = blank();
}

/** Somebody sets out to write one: what was half written lately is still there. */
export function begin(drill: boolean): void {
  if (Date.now() - draft(drill).touchedAt > STALE) renew(drill);
}

export function touch(drill: boolean): void {
  draft(drill).touchedAt = Date.now();
}
