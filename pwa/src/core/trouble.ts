/** What stops the app on this device, as a stable word: each has words and a way out. */
export type Trouble =
  | "storage-full"
  | "storage-cleared"
  | "storage-newer"
  | "storage-damaged"
  | "storage-refused"
  | "core-failed"
  | "browser-too-old";

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
  const name = error instanceof DOMException ? error.name : "";
  if (name === "QuotaExceededError") return "storage-full";
  if (name === "VersionError") return "storage-newer";
  if (name === "SecurityError" || name === "InvalidStateError" || name === "UnknownError") return "storage-refused";
  return "core-failed";
}
