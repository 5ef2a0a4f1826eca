/**
 * A report as it is being written. It is here and not in its screens so that going back, or trouble, loses
 * none of it; and in memory only: what somebody was about to report is evidence.
 */
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
const drafts = $state({ report: blank(), drill: blank() });

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
