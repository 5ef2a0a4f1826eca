/**
 * The device's store: rows that the core has sealed already, a generation number, and the key
 * that they are sealed under, wrapped by a key that never leaves the browser.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { ending } from "./ending";
import type { Turn } from "./generated/core";
import { TroubleError } from "./trouble";
import { Late, PATIENCE, within } from "./within";

export type Changes = Turn["changes"];
export type Rows = [Uint8Array, Uint8Array][];

/** What the database takes as a key. */
type Bytes = Uint8Array<ArrayBuffer>;

interface Schema extends DBSchema {
  rows: { key: Bytes; value: Uint8Array };
  about: { key: string; value: unknown };
}

interface Vault {
  key: CryptoKey;
  iv: Uint8Array<ArrayBuffer>;
  wrapped: ArrayBuffer;
  /** What is wrapped is itself sealed under the owner's PIN. */
  pin?: boolean;
}

/** A push that came while there was nobody to open the store for it; its content is sealed as it was on its way. */
export interface KeptPush {
  push: Uint8Array;
  /** Unix milliseconds. */
  at: number;
  inSight: boolean;
}

/** Of more than these the oldest is of no use any more: the log has what it brought. */
const MAX_KEPT = 16;

/** How a key that is sealed under a PIN is opened: it may take its owner. */
export type Unlock = (sealed: Uint8Array) => Promise<Uint8Array>;

const NAME = "campana";
const VERSION = 1;
/** Set outside the database: tells a new device from one whose database was cleared. */
const MARK = "campana-store";

/** Another context has written since: what was decided on older rows must not be written. */
export class Overtaken extends Error {}

/** There is a PIN before the key, and nobody here to type it. */
export class Locked extends Error {}

export class Store {
  /** Undefined once something else needed the database to itself, or the browser took it. */
  private db: IDBPDatabase<Schema> | undefined;

  private constructor(
    db: IDBPDatabase<Schema>,
    /** The key that rows are sealed under. */
    readonly vault: Uint8Array,
  ) {
    this.adopt(db);
  }

  /**
   * Opens the store, and makes it if this device has none. A worker makes none: where there should
   * be one and is not, it was cleared.
   */
  static async open({ create = true, unlock }: { create?: boolean; unlock?: Unlock } = {}): Promise<Store> {
    const db = await openDatabase();
    const vault = await unwrap(db, create);
    if (!vault.pin) return new Store(db, vault.bytes);
    db.close();
    if (!unlock) throw new Locked();
    const key = await unlock(vault.bytes);
    return new Store(await openDatabase(), key);
  }

  /** Whether its owner has put a PIN before it since it was opened. */
  async locked(): Promise<boolean> {
    const db = await this.database();
    return ((await within(PATIENCE.service, db.get("about", "vault"))) as Vault | undefined)?.pin ?? false;
  }

  /** The key as it is sealed under the PIN, if there is one. */
  async protected(): Promise<Uint8Array | undefined> {
    const vault = await unwrap(await this.database(), false);
    return vault.pin ? vault.bytes : undefined;
  }

  /** Keeps the key as `sealed` and no other way; without it, as it is. */
  async protect(sealed: Uint8Array | undefined): Promise<void> {
    const vault = await wrap(sealed ?? this.vault, sealed !== undefined);
    const db = await this.database();
    const transaction = db.transaction("about", "readwrite", { durability: "strict" });
    await ending(transaction, () => transaction.store.put(vault, "vault"));
  }

  /** Throws everything on this device away. */
  static async destroy(): Promise<void> {
    setMark(false);
    const gone = new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(NAME);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error ?? new TroubleError("storage-refused"));
    });
    await within(PATIENCE.service, gone);
  }

  /** For whoever opens the store next. Throws `storage-cleared` if there is none. */
  static async keepPush(push: KeptPush): Promise<void> {
    const db = await openDatabase();
    try {
      const transaction = db.transaction("about", "readwrite", { durability: "strict" });
      await ending(transaction, async () => {
        const kept = ((await transaction.store.get("pushes")) ?? []) as KeptPush[];
        await transaction.store.put([...kept, push].slice(-MAX_KEPT), "pushes");
      });
    } finally {
      db.close();
    }
  }

  /** What was kept, each given to `take`; forgotten once that is done. */
  async keptPushes(take: (push: KeptPush) => Promise<unknown>): Promise<void> {
    const db = await this.database();
    const kept = ((await within(PATIENCE.service, db.get("about", "pushes"))) ?? []) as KeptPush[];
    if (kept.length === 0) return;
    for (const push of kept) await take(push);
    const transaction = db.transaction("about", "readwrite");
    await ending(transaction, async () => {
      const now = ((await transaction.store.get("pushes")) ?? []) as KeptPush[];
      const left = now.filter(({ at }) => !kept.some((taken) => taken.at === at));
      await transaction.store.put(left, "pushes");
    });
  }

  close(): void {
    this.db?.close();
    this.db = undefined;
  }

  private adopt(db: IDBPDatabase<Schema>): void {
    this.db = db;
    const lost = () => (this.db = undefined);
    // A newer version of the app or a fresh start in another window: let it.
    db.addEventListener("versionchange", () => {
      db.close();
      lost();
    });
    db.addEventListener("close", lost);
  }

  /** Opened again if it had to be closed; what was cleared meanwhile is not begun anew here. */
  private async database(): Promise<IDBPDatabase<Schema>> {
    if (this.db) return this.db;
    const db = await openDatabase();
    if (!(await within(PATIENCE.service, db.get("about", "vault")))) {
      db.close();
      throw new TroubleError("storage-cleared");
    }
    this.adopt(db);
    return db;
  }

  /** Reads over a connection that works: one that the system has ended is opened again, once. */
  private async reading<T>(read: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    let opened = false;
    try {
      const db = await this.database();
      opened = true;
      return await within(PATIENCE.service, read(db));
    } catch (error) {
      // A store that takes too long to open takes as long the second time.
      if (!isLost(error) && !(error instanceof Late && opened)) throw error;
      this.close();
      return read(await this.database());
    }
  }

  /** Raised by every write. */
  generation(): Promise<number> {
    return this.reading(async (db) => ((await db.get("about", "generation")) as number | undefined) ?? 0);
  }

  /** All rows and their generation, as of one moment. */
  read(): Promise<{ generation: number; rows: Rows }> {
    return this.reading(rowsOf);
  }

  /**
   * Writes all changes or none, durably, and raises the generation: only if it is still
   * `expected`, else throws `Overtaken`. Nothing but the database is awaited in between.
   */
  async commit(expected: number, changes: Changes): Promise<number> {
    const db = await this.database();
    const transaction = db.transaction(["rows", "about"], "readwrite", { durability: "strict" });
    const about = transaction.objectStore("about");
    const rows = transaction.objectStore("rows");
    try {
      await ending(transaction, async () => {
        const found = ((await about.get("generation")) as number | undefined) ?? 0;
        if (found !== expected) throw new Overtaken();
        const writes: Promise<unknown>[] = changes.map(([key, value]) =>
          value === undefined ? rows.delete(key as Bytes) : rows.put(value, key as Bytes),
        );
        await Promise.all([...writes, about.put(expected + 1, "generation")]);
      });
    } catch (error) {
      // The next turn opens the store anew.
      if (error instanceof Late) this.close();
      throw error;
    }
    return expected + 1;
  }
}

function openDatabase(): Promise<IDBPDatabase<Schema>> {
  const opened = openDB<Schema>(NAME, VERSION, {
    upgrade(db) {
      db.createObjectStore("rows");
      db.createObjectStore("about");
    },
  });
  return within(PATIENCE.state, opened).catch((error: unknown) => {
    // Should it come after all, nobody uses it, and it must not stand in the way of others.
    void opened.then((db) => db.close()).catch(() => undefined);
    throw error;
  });
}

/** The system ends a store's process while the app is out of sight: the connection is gone without having said so. */
function isLost(error: unknown): boolean {
  return error instanceof DOMException && ["InvalidStateError", "UnknownError"].includes(error.name);
}

async function rowsOf(db: IDBPDatabase<Schema>): Promise<{ generation: number; rows: Rows }> {
  const transaction = db.transaction(["rows", "about"]);
  const rows = transaction.objectStore("rows");
  const [keys, values, generation] = await Promise.all([
    rows.getAllKeys(),
    rows.getAll(),
    transaction.objectStore("about").get("generation"),
  ]);
  const bytes = (key: ArrayBuffer | Uint8Array) => new Uint8Array(key as ArrayBuffer);
  const paired = keys.map((key, index): [Uint8Array, Uint8Array] => [
    bytes(key),
    values[index] ?? new Uint8Array(),
  ]);
  return { generation: (generation as number | undefined) ?? 0, rows: paired };
}

async function wrap(bytes: Uint8Array, pin: boolean): Promise<Vault> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes as Uint8Array<ArrayBuffer>);
  return { key, iv, wrapped, pin };
}

async function unwrap(db: IDBPDatabase<Schema>, create: boolean): Promise<{ bytes: Uint8Array; pin: boolean }> {
  const stored = (await within(PATIENCE.service, db.get("about", "vault"))) as Vault | undefined;
  if (stored) {
    setMark(true);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: stored.iv }, stored.key, stored.wrapped);
    return { bytes: new Uint8Array(plain), pin: stored.pin ?? false };
  }
  if (!create || marked()) {
    db.close();
    throw new TroubleError("storage-cleared");
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const vault = await wrap(bytes, false);
  const transaction = db.transaction("about", "readwrite", { durability: "strict" });
  // Two contexts may have started at once: the first key stays.
  const first = await ending(transaction, async () => {
    if (await transaction.store.get("vault")) return false;
    await transaction.store.put(vault, "vault");
    return true;
  });
  if (!first) return unwrap(db, create);
  setMark(true);
  return { bytes, pin: false };
}

/** Workers have no such place. */
const outside = () => (globalThis as { localStorage?: Marks }).localStorage;

interface Marks {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

function marked(): boolean {
  try {
    return outside()?.getItem(MARK) != null;
  } catch {
    return false;
  }
}

function setMark(on: boolean): void {
  try {
    if (on) outside()?.setItem(MARK, "1");
    else outside()?.removeItem(MARK);
  } catch {
    // Without it, only the message about a cleared store is lost.
  }
}
