/// <reference lib="webworker" />
import { type Device, open, report } from "./device";

declare const self: ServiceWorkerGlobalScope;

let device: Promise<Device> | undefined;

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  const { module, who, count } = event.data as { module: string; who: string; count: number };
  event.waitUntil(
    (async () => {
      device ??= open(module);
      event.ports[0]?.postMessage(await report(await device, who, count));
    })(),
  );
});
