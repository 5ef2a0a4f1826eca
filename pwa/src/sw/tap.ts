/** A tap on a notification: straight to what it is about. */
import type { Data } from "./notification";

declare const self: ServiceWorkerGlobalScope;

export async function tapped(notification: Notification): Promise<void> {
  notification.close();
  const { incident } = (notification.data ?? {}) as Data;
  const [window] = await self.clients.matchAll({ type: "window" });
  if (window) {
    await window.focus().catch(() => undefined);
    window.postMessage({ open: incident });
  } else {
    await self.clients.openWindow(incident ? `/#open=${incident}` : "/");
  }
}
