import { Late } from "./within";

/** What stops the app on this device, as a stable word: each has words and a way out. */
export type Trouble =
  | "storage-full"
  | "storage-cleared"
  | "storage-newer"
  | "storage-damaged"
  | "storage-refused"
  | "storage-silent"
  | "needs-https"
  | "no-wasm"
  | "core-failed"
  | "browser-too-old";

/** What keeps the app from starting here, whatever is tried. The first cause in the chain is told: a page without
 * https lacks half of what an old browser lacks. */
export function barrier(): Trouble | null {
  if (!globalThis.isSecureContext) return "needs-https";
  // Switched off for safety on some phones (Lockdown Mode, "safer" browsing).
  if (typeof WebAssembly !== "object") return "no-wasm";
  return globalThis.crypto?.subtle && globalThis.indexedDB ? null : "browser-too-old";
}

/** An error whose word says what to tell the person. */
export class TroubleError extends Error {
  constructor(
    readonly trouble: Trouble,
    options?: ErrorOptions,
  ) {
    super(trouble, options);
  }
}

/** The trouble that an error of the browser stands for. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  // The core throws words.
  if (error === "store-newer") return "storage-newer";
  if (error === "rows-damaged") return "storage-damaged";
  if (error instanceof Late) return "storage-silent";
  // The name may be there though nothing may be compiled.
  if (error instanceof Error && error.name === "CompileError") return "no-wasm";
  const name = error instanceof DOMException ? error.name : "";
  if (name === "QuotaExceededError") return "storage-full";
  if (name === "VersionError") return "storage-newer";
  if (name === "SecurityError" || name === "InvalidStateError" || name === "UnknownError") return "storage-refused";
  return "core-failed";
}
