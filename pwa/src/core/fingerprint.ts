/**
 * One short text for a whole release: the build prints it, and the app computes it again over what is installed. It
 * says that two are the same; it cannot say that what shows it is honest.
 */
export interface Stored {
  url: string;
  integrity: string;
}

/** Hex digits that people compare, and how many stand together: 128 bits. */
const DIGITS = 32;
const GROUP = /.{4}(?=.)/g;

/** As in a page's `integrity`. */
export async function integrity(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
  return `sha384-${btoa(String.fromCharCode(...hash))}`;
}

export async function fingerprint(files: Stored[]): Promise<string> {
  const lines = files.map(({ url, integrity }) => `${url} ${integrity}\n`).sort();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join(""))));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.slice(0, DIGITS).replace(GROUP, "$& ");
}
