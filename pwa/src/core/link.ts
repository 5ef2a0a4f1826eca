/** One WebSocket per device, however many tabs are open: whoever holds the lock has it. */
import { request } from "./locks";
import type { Turns } from "./turns";
import { LINK_LOCK } from "./windows";

export type Link = "none" | "offline" | "connecting" | "online";

const FIRST_PAUSE = 500;
const LAST_PAUSE = 30_000;
/** A connection that lasted this long was a good one. */
const GOOD = 10_000;
/** An opening takes three round trips; on a bad line, seconds. */
const OPENING = 15_000;
/** Out of sight for longer than this, the line may be dead without anybody having said so. */
const AWAY = 30_000;
/** A leader that says nothing for so long is frozen in the background. */
const SILENCE = 3_000;
/** Most messages and bytes of one turn, so that a long catch-up is written in steps. */
const BATCH_MESSAGES = 256;
const BATCH_BYTES = 4 * 1_048_576;

export class Connection {
  private socket: WebSocket | undefined;
  private relay: string | undefined;
  private me: string | undefined;
  private pause = FIRST_PAUSE;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private inbox: Uint8Array[] = [];
  private delivering = false;
  private leads = false;
  private hiddenAt: number | undefined;
  private heard: (() => void) | undefined;

  constructor(
    private readonly turns: Turns,
    private readonly show: (link: Link) => void,
    /** Asks the leader for a sign of life. */
    private readonly ask: () => void,
    /** What came could not be taken in; it is asked for again. */
    private readonly missed: (error: unknown) => void,
  ) {}

  /** Waits for its turn to be the one that is connected, and stays it until the page goes. */
  start(): void {
    this.stand({});
    void this.overthrow();
    addEventListener("online", () => this.renew());
    addEventListener("offline", () => this.renew());
    document.addEventListener("visibilitychange", () => this.seen());
  }

  /** Whether this context is the connected one. */
  get leading(): boolean {
    return this.leads;
  }

  /** There may be a relay now, or another one; or this device has begun anew (`me`), and the relay knows the
   * connection as that of the one before. */
  poke(me: string | undefined): void {
    const another = this.me !== undefined && me !== this.me;
    this.me = me;
    if (this.leads && (another || this.turns.relay() !== this.relay)) this.renew();
  }

  /** The leader has given a sign of life. */
  answered(): void {
    this.heard?.();
  }

  send(frame: Uint8Array): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame as Uint8Array<ArrayBuffer>);
  }

  /** Closes and opens again after a pause. */
  reconnect(): void {
    this.socket?.close();
  }

  /** Leads as soon as nobody else does. A window that was frozen loses the lock and queues again. */
  private stand(how: { steal?: true }): void {
    let led = false;
    const lead = () => {
      led = true;
      this.leads = true;
      this.open();
      return new Promise<never>(() => undefined);
    };
    void request(LINK_LOCK, how, lead).catch(() => {
      if (!led) return;
      this.leads = false;
      clearTimeout(this.retry);
      this.socket?.close();
      this.stand({});
    });
  }

  /** Takes the lock from a leader that says nothing: phones freeze what is out of sight. */
  private async overthrow(): Promise<void> {
    const silent = await new Promise<boolean>((resolve) => {
      this.heard = () => resolve(false);
      setTimeout(() => resolve(true), SILENCE);
      this.ask();
    });
    this.heard = undefined;
    if (silent && !this.leads && document.visibilityState === "visible") this.stand({ steal: true });
  }

  private seen(): void {
    if (document.visibilityState !== "visible") {
      this.hiddenAt = Date.now();
      return;
    }
    const away = Date.now() - (this.hiddenAt ?? Date.now());
    this.hiddenAt = undefined;
    if (!this.leads) void this.overthrow();
    else if (!this.socket || away >= AWAY) this.renew();
  }

  /** The network may be another: a connection that stands is not to be trusted, a pause is over. */
  private renew(): void {
    if (!this.leads) return;
    this.pause = FIRST_PAUSE;
    clearTimeout(this.retry);
    if (this.socket) this.part(this.socket);
    this.open();
  }

  private open(): void {
    this.relay = this.turns.relay();
    if (!this.relay) {
      this.show("none");
      return;
    }
    // Some browsers say that they are offline behind a VPN: it is tried nevertheless.
    this.show(navigator.onLine ? "connecting" : "offline");
    const opened = Date.now();
    const socket = new WebSocket(`${this.relay.replace(/^http/, "ws")}/v1/relay`);
    const patience = setTimeout(() => socket.close(), OPENING);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      clearTimeout(patience);
      this.show("online");
      void this.turns.take("connected").catch((error: unknown) => {
        this.missed(error);
        socket.close();
      });
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
      this.inbox.push(new Uint8Array(message.data));
      void this.deliver(socket);
    };
    socket.onclose = () => {
      clearTimeout(patience);
      if (this.socket !== socket) return;
      this.part(socket);
      if (!this.leads) return;
      this.show("offline");
      if (Date.now() - opened >= GOOD) this.pause = FIRST_PAUSE;
      // Jitter: two thousand phones do not come back in the same second.
      this.retry = setTimeout(() => this.open(), this.pause * (0.5 + Math.random()));
      this.pause = Math.min(this.pause * 2, LAST_PAUSE);
    };
  }

  private part(socket: WebSocket): void {
    this.socket = undefined;
    this.inbox = [];
    socket.close();
    void this.turns.take("disconnected").catch(() => undefined);
  }

  /** What comes while a turn is under way goes into the next one together. */
  private async deliver(socket: WebSocket): Promise<void> {
    if (this.delivering) return;
    this.delivering = true;
    try {
      while (this.inbox.length > 0 && this.socket === socket) {
        await this.turns.take({ received: this.batch() });
      }
    } catch (error) {
      // What could not be taken in is asked for again on a new connection.
      this.missed(error);
      socket.close();
    } finally {
      this.delivering = false;
    }
  }

  private batch(): Uint8Array[] {
    let bytes = 0;
    const end = this.inbox.findIndex((message, at) => {
      bytes += message.length;
      return at > 0 && (at >= BATCH_MESSAGES || bytes > BATCH_BYTES);
    });
    return this.inbox.splice(0, end < 0 ? this.inbox.length : end);
  }
}
