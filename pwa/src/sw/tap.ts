/** A tap on a notification: straight to what it is about. */
import { DESK, type Data } from "./notification";

declare const self: ServiceWorkerGlobalScope;

export async function tapped(notification: Notification): Promise<void> {
  notification.close();
  const { incident } = (notification.data ?? {}) as Data;
  // What waits at the desk is read there.
  const open = notification.tag === DESK ? "desk" : incident;
  const [window] = await self.clients.matchAll({ type: "window" });
  if (window) {
    await window.focus().catch(() => undefined);
    window.postMessage({ open });
  } else {
    await self.clients.openWindow(open ? `/#open=${open}` : "/");
  }
}
