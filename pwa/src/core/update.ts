/** The service worker's registration, and a new version that waits for the person's tap. */
import { type Readable, readonly, writable } from "svelte/store";

/** The only script addresses that may become workers (Trusted Types). */
const OWN_WORKER = "/sw.js";

export function watchUpdates(): { update: Readable<boolean>; restart: () => void } {
  const update = writable(false);
  let waiting: ServiceWorker | null = null;
  const found = (worker: ServiceWorker | null) => {
    waiting = worker;
    update.set(worker !== null);
  };
  if ("serviceWorker" in navigator && import.meta.env.PROD) {
    void navigator.serviceWorker
      .register(workerUrl(), { type: "classic", updateViaCache: "none" })
      .then((registration) => {
        // The very first worker is no update.
        const look = () => found(navigator.serviceWorker.controller ? registration.waiting : null);
        look();
        registration.addEventListener("updatefound", () => {
          registration.installing?.addEventListener("statechange", look);
        });
        document.addEventListener("visibilitychange", () => {
          if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
        });
      })
      .catch(() => undefined);
  }
  const restart = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting?.postMessage("take-over");
  };
  return { update: readonly(update), restart };
}

function workerUrl(): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy("app-url", {
    createScriptURL: (url) => {
      if (url !== OWN_WORKER) throw new TypeError("not a script of this app");
      return url;
    },
  });
  return (policy?.createScriptURL(OWN_WORKER) ?? OWN_WORKER) as string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}
