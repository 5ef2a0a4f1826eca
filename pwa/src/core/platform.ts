/** What the browser says of push notifications, and what the core wants of it: the same in window and worker. */
import type { Effect, Input } from "./generated/core";
import { PATIENCE, within } from "./within";

type Platform = Extract<Input, { platform: unknown }>["platform"];
export type Wish = Extract<Effect, { subscribe: unknown } | "unsubscribe">;

const PERMISSIONS = { default: "not-asked", granted: "granted", denied: "denied" } as const;

/** Without a registration (no worker here) nothing can arrive. */
export async function platform(worker: ServiceWorkerRegistration | undefined): Promise<Platform> {
  if (!worker?.pushManager || typeof Notification === "undefined") {
    return { permission: couldInstall() ? "needs-install" : "unsupported", subscription: undefined, failed: false, utc_offset: ahead() };
  }
  const subscription = await within(PATIENCE.state, worker.pushManager.getSubscription());
  return {
    permission: PERMISSIONS[Notification.permission],
    subscription: subscription ? described(subscription) : undefined,
    failed: false,
    utc_offset: ahead(),
  };
}

/** How far local time is ahead of UTC, minutes: hours on call are its owner's. */
const ahead = () => -new Date().getTimezoneOffset();

/** Carries out a wish. What the browser says afterwards. */
export async function fulfil(worker: ServiceWorkerRegistration, wish: Wish): Promise<Platform> {
  try {
    await within(PATIENCE.service, worker.pushManager.getSubscription().then((subscription) => subscription?.unsubscribe()));
    if (wish !== "unsubscribe") {
      const applicationServerKey = wish.subscribe as Uint8Array<ArrayBuffer>;
      await within(PATIENCE.service, worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
    }
    return await platform(worker);
  } catch {
    return { ...(await platform(worker)), failed: true };
  }
}

export function isWish(effect: Effect): effect is Wish {
  return effect === "unsubscribe" || (typeof effect === "object" && "subscribe" in effect);
}

function described(subscription: PushSubscription): Platform["subscription"] {
  const bytes = (buffer: ArrayBuffer | null) => new Uint8Array(buffer ?? new ArrayBuffer(0));
  const { applicationServerKey } = subscription.options;
  return {
    endpoint: subscription.endpoint,
    key: bytes(subscription.getKey("p256dh")),
    auth: bytes(subscription.getKey("auth")),
    made_for: applicationServerKey ? bytes(applicationServerKey) : undefined,
  };
}

/** iPhones and iPads push to what is on the home screen, and to nothing else; only they have this property, and
 * an iPad that calls itself a Mac has it too. */
function couldInstall(): boolean {
  return (navigator as { standalone?: boolean }).standalone === false;
}
