// Stands before the app, in its window and in its worker: a browser that holds the subscription
// that a test gives it, once it was allowed to notify. What it keeps it keeps in a cache.
(() => {
  const SUBSCRIPTION = "SUBSCRIPTION";
  const { endpoint, key, auth } = JSON.parse(SUBSCRIPTION);
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0)).buffer;
  const kept = async (name, value) => {
    const cache = await caches.open("pretended");
    if (value !== undefined) await (value ? cache.put(`/${name}`, new Response(value)) : cache.delete(`/${name}`));
    return (await cache.match(`/${name}`))?.arrayBuffer();
  };
  const held = (applicationServerKey) => ({
    endpoint,
    options: { applicationServerKey },
    getKey: (name) => bytes(name === "auth" ? auth : key),
    unsubscribe: async () => !(await kept("subscribed", null)),
  });
  PushManager.prototype.getSubscription = async () => {
    const made = await kept("subscribed");
    return made ? held(made) : null;
  };
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    if (await kept("refuses")) throw new DOMException("", "AbortError");
    await kept("subscribed", applicationServerKey);
    return held(applicationServerKey);
  };
  globalThis.stopSubscribing = async () => {
    await kept("refuses", "yes");
    await kept("subscribed", null);
  };
  if (typeof window === "undefined") return;
  Object.defineProperty(Notification, "permission", { get: () => localStorage.getItem("permission") ?? "default" });
  Notification.requestPermission = async () => {
    localStorage.setItem("permission", "granted");
    return "granted";
  };
})();
