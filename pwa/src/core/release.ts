/** Which release is installed on this device. */
import { fingerprint, integrity } from "./fingerprint";

declare const __APP_VERSION__: string;

export const VERSION = __APP_VERSION__;

/** `updating`: two versions are stored, and the worker of one is not the other's. `unknown`: nothing is stored yet, or
 * the server is out of reach. */
export type Installed = { fingerprint: string } | "updating" | "unknown";

/** Over the bytes that are stored, and over the worker's program, which the server gives once more. */
export async function installed(): Promise<Installed> {
  const [name, another] = (await caches.keys()).filter((name) => name.startsWith("campana-"));
  if (!name) return "unknown";
  if (another) return "updating";
  const cache = await caches.open(name);
  const files = await Promise.all(
    (await cache.keys()).map(async (request) => {
      const response = await cache.match(request);
      return { url: new URL(request.url).pathname, integrity: await integrity((await response?.arrayBuffer()) ?? new ArrayBuffer(0)) };
    }),
  );
  const worker = await fetch("/sw.js", { cache: "no-store" }).catch(() => null);
  if (!worker?.ok) return "unknown";
  files.push({ url: "/sw.js", integrity: await integrity(await worker.arrayBuffer()) });
  return { fingerprint: await fingerprint(files) };
}
