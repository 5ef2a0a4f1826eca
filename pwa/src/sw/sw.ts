/** The service worker: the app without a network, and a new version only when the person says so. */
/// <reference lib="webworker" />
import { clean, store, stored } from "./precache";
import { arrived, subscriptionChanged } from "./push";
import { repeat } from "./ring";
import { tapped } from "./tap";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", (event) => event.waitUntil(store()));

self.addEventListener("activate", (event) => event.waitUntil(clean().then(() => self.clients.claim())));

self.addEventListener("message", (event) => {
  const message = event.data as "take-over" | { repeat: string };
  if (message === "take-over") void self.skipWaiting();
  else event.waitUntil(repeat(message.repeat));
});

self.addEventListener("push", (event) => event.waitUntil(arrived(event)));

self.addEventListener("notificationclick", (event) => event.waitUntil(tapped(event.notification)));

self.addEventListener("pushsubscriptionchange", (event) => {
  (event as ExtendableEvent).waitUntil(subscriptionChanged());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  // The relay's own addresses are never answered from here.
  if (url.pathname.startsWith("/v1/") || ["/healthz", "/metrics", "/version.txt"].includes(url.pathname)) return;
  // The guide's pages with pictures are not stored: the app has their text.
  if (/^\/guide(\/|$)/.test(url.pathname)) return;
  event.respondWith(stored(request).then((response) => response ?? fetch(request)));
});
