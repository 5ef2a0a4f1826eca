/** The service worker's registration, and a new version that waits for the person's tap. */
import { type Readable, readonly, writable } from "svelte/store";

import { registered } from "./registration";

/** The only script addresses that may become workers (Trusted Types). */
const OWN_WORKER = "/sw.js";

/** `loaded`: settles once the core has come; what the worker stores is fetched after that. */
export function watchUpdates(loaded: Promise<unknown>): {
  update: Readable<boolean>;
  restart: () => void;
  /** Undefined where there is no worker. */
  worker: Promise<ServiceWorkerRegistration | undefined>;
  /** The browser knows workers and has started none. */
  unstarted: Readable<boolean>;
} {
  const update = writable(false);
  const unstarted = writable(false);
  let waiting: ServiceWorker | null = null;
  let taken = false;
  let worker: Promise<ServiceWorkerRegistration | undefined> = Promise.resolve(undefined);
  const found = (worker: ServiceWorker) => {
    waiting = worker;
    update.set(true);
  };
  if ("serviceWorker" in navigator && import.meta.env.PROD) {
    const served = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (taken) location.reload();
      // Another window took the update: this one still is the version before.
      else if (served) update.set(true);
      waiting = null;
    });
    worker = loaded.catch(() => undefined).then(() => registered(navigator.serviceWorker, workerUrl()));
    void worker.then((registration) => {
      if (!registration) return unstarted.set(true);
      // The very first worker is no update.
      const look = () => {
        if (navigator.serviceWorker.controller && registration.waiting) found(registration.waiting);
      };
      look();
      registration.addEventListener("updatefound", () => {
        registration.installing?.addEventListener("statechange", look);
      });
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
      });
    });
  }
  const restart = () => {
    taken = true;
    if (waiting) waiting.postMessage("take-over");
    else location.reload();
  };
  return { update: readonly(update), restart, worker, unstarted: readonly(unstarted) };
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
