/**
 * What the service worker must know though the core cannot be opened: how its owner wants to be
 * called. Not secret, and of no use to anybody else.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { ending } from "./ending";
import { PATIENCE, within } from "./within";

export interface Prefs {
  language: "es" | "en" | null;
  /** The lock screen shows what an alert says. */
  content: boolean;
  /** When an alert rings again until somebody opens it, seconds after it came. */
  repeats: number[];
  neutral: boolean;
  /** PINs in a row that were wrong, and when the next is looked at, Unix milliseconds. */
  wrongPins: { count: number; until: number };
  /** This device has asked to be in a network: whoever opens the app is not shown its first screen. */
  member: boolean;
  /** When what the app shows was last all there was, Unix milliseconds; 0: never. */
  caughtUpAt: number;
}

export const REPEATS = [30, 90, 180];
const DEFAULTS: Prefs = { language: null, content: false, repeats: REPEATS, neutral: false, wrongPins: { count: 0, until: 0 }, member: false, caughtUpAt: 0 };

interface Schema extends DBSchema {
  prefs: { key: string; value: Prefs };
}

let database: Promise<IDBPDatabase<Schema>> | undefined;

/** Longer than this nobody waits for them, ms: a push is answered in the browser's language rather than late. */
const WAIT = 500;

export async function readPrefs(): Promise<Prefs> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, WAIT));
  try {
    return { ...DEFAULTS, ...(await Promise.race([opened().then((db) => db.get("prefs", "prefs")), late])) };
  } catch {
    database = undefined;
    return DEFAULTS;
  }
}

/** Best effort: without it the worker speaks the browser's language and shows nothing of an alert. */
export async function writePrefs(change: Partial<Prefs>): Promise<void> {
  try {
    const transaction = (await within(PATIENCE.state, opened())).transaction("prefs", "readwrite");
    await ending(transaction, async () => {
      const known = { ...DEFAULTS, ...(await transaction.store.get("prefs")) };
      await transaction.store.put({ ...known, ...change }, "prefs");
    });
  } catch {
    database = undefined;
  }
}

/** Forgets them. */
export async function forgetPrefs(): Promise<void> {
  try {
    await within(PATIENCE.state, opened().then((db) => db.clear("prefs")));
  } catch {
    database = undefined;
  }
}

function opened(): Promise<IDBPDatabase<Schema>> {
  database ??= openDB<Schema>("campana-prefs", 1, { upgrade: (db) => void db.createObjectStore("prefs") });
  return database;
}
