/** What the app needs to start without a network, stored as one version. */

declare const __PRECACHE__: { url: string; integrity: string }[];
declare const __VERSION__: string;

const PREFIX = "campana-";
const CACHE = PREFIX + __VERSION__;

/** Stores everything, or fails and leaves the old version in charge. */
export async function store(): Promise<void> {
  const kept = await caches.open(CACHE);
  await Promise.all(
    __PRECACHE__.map(async ({ url, integrity }) => {
      // An asset's name is its content's: what the page has loaded already is not loaded again.
      const cache = url.startsWith("/assets/") ? "force-cache" : "no-cache";
      const response = await fetch(new Request(url, { integrity, cache }));
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      await kept.put(url, response);
    }),
  );
}

/** Deletes other versions. */
export async function clean(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

/** A stored response; the app's page for any of its own places. */
export async function stored(request: Request): Promise<Response | undefined> {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? (request.mode === "navigate" ? cache.match("/") : undefined);
}

/**
 * A stored picture, as an address that holds it: browsers load a notification's pictures before they
 * show it, not from here, and wait for a network that does not answer.
 */
export async function picture(url: string): Promise<string | undefined> {
  const response = await (await caches.open(CACHE)).match(url);
  if (!response) return undefined;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return `data:image/png;base64,${btoa(String.fromCharCode(...bytes))}`;
}

/** The core, from what is stored: a worker's own requests do not pass through its fetch handler. */
export async function wasm(): Promise<Response> {
  const url = __PRECACHE__.find((file) => file.url.endsWith(".wasm"))?.url ?? "";
  return (await (await caches.open(CACHE)).match(url)) ?? fetch(url);
}
