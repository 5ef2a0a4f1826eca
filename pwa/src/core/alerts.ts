/** This window's part in alerts: telling the core what the browser says, and doing what it wants of it. */
import { type Wish, fulfil, platform } from "./platform";
import type { Turns } from "./turns";
import { PATIENCE, within } from "./within";

export class Alerts {
  constructor(
    private readonly turns: Turns,
    private readonly worker: Promise<ServiceWorkerRegistration | undefined>,
  ) {
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.seen();
    });
  }

  /** At every opening: a subscription can die without anybody having been told. */
  async seen(): Promise<void> {
    const worker = await this.worker;
    await Promise.allSettled([putAway(worker), this.tell(worker)]);
  }

  /** Within a tap: only then may a browser ask. False if it asked nothing, or nobody answered. */
  async turnOn(): Promise<boolean> {
    let answered = true;
    if (typeof Notification !== "undefined" && Notification.permission === "default") {
      await within(PATIENCE.question, Notification.requestPermission()).catch(() => undefined);
      answered = (Notification.permission as NotificationPermission) !== "default";
    }
    await this.turns.take({ command: { alerts: true } });
    await this.seen();
    return answered;
  }

  private async tell(worker: ServiceWorkerRegistration | undefined): Promise<void> {
    await this.turns.take({ platform: await platform(worker) });
  }

  carryOut(wish: Wish): void {
    void this.worker.then(async (worker) => {
      if (worker) await this.turns.take({ platform: await fulfil(worker, wish) }).catch(() => undefined);
    });
  }
}

/** Whoever looks at the app sees what the notifications are about, whatever else does not work. */
async function putAway(worker: ServiceWorkerRegistration | undefined): Promise<void> {
  const up = worker?.getNotifications ? await within(PATIENCE.state, worker.getNotifications()) : [];
  if (document.visibilityState === "visible") for (const notification of up) notification.close();
}
