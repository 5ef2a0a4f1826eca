/** What the app needs to start without a network, stored as one version. */

declare const __PRECACHE__: { url: string; integrity: string }[];
declare const __VERSION__: string;

const PREFIX = "campana-";
const CACHE = PREFIX + __VERSION__;

/** Stores everything, or fails and leaves the old version in charge. */
export async function store(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    __PRECACHE__.map(async ({ url, integrity }) => {
      const response = await fetch(new Request(url, { integrity, cache: "no-cache" }));
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      await cache.put(url, response);
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
  return cache.match(request.mode === "navigate" ? "/" : request, { ignoreSearch: request.mode === "navigate" });
}
