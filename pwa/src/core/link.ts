/** One WebSocket per device, however many tabs are open: whoever holds the lock has it. */
import type { Turns } from "./turns";

export type Link = "none" | "offline" | "connecting" | "online";

const LINK_LOCK = "campana-link";
const FIRST_PAUSE = 500;
const LAST_PAUSE = 30_000;
/** A connection that lasted this long was a good one. */
const GOOD = 10_000;

export class Connection {
  private socket: WebSocket | undefined;
  private pause = FIRST_PAUSE;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private inbox: Uint8Array[] = [];
  private delivering = false;
  private leads = false;

  constructor(
    private readonly turns: Turns,
    private readonly show: (link: Link) => void,
  ) {}

  /** Waits for its turn to be the one that is connected, and stays it until the page goes. */
  start(): void {
    void navigator.locks.request(LINK_LOCK, () => {
      this.leads = true;
      this.open();
      return new Promise<never>(() => undefined);
    });
    const soon = () => {
      if (this.leads && document.visibilityState === "visible") this.hurry();
    };
    addEventListener("online", soon);
    document.addEventListener("visibilitychange", soon);
  }

  /** Whether this context is the connected one. */
  get leading(): boolean {
    return this.leads;
  }

  /** There may be a relay now, or another one. */
  poke(): void {
    if (this.leads && !this.socket) this.hurry();
  }

  send(frame: Uint8Array): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame as Uint8Array<ArrayBuffer>);
  }

  /** Closes and opens again after a pause. */
  reconnect(): void {
    this.socket?.close();
  }

  private hurry(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    if (!this.socket) this.open();
  }

  private open(): void {
    const relay = this.turns.relay();
    if (!relay) {
      this.show("none");
      return;
    }
    this.show("connecting");
    const opened = Date.now();
    const socket = new WebSocket(`${relay.replace(/^http/, "ws")}/v1/relay`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.show("online");
      void this.turns.take("connected").catch(() => socket.close());
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
      this.inbox.push(new Uint8Array(message.data));
      void this.deliver(socket);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.inbox = [];
      this.show("offline");
      void this.turns.take("disconnected").catch(() => undefined);
      if (Date.now() - opened >= GOOD) this.pause = FIRST_PAUSE;
      // Jitter: two thousand phones do not come back in the same second.
      this.retry = setTimeout(() => this.open(), this.pause * (0.5 + Math.random()));
      this.pause = Math.min(this.pause * 2, LAST_PAUSE);
    };
  }

  /** What comes while a turn is under way goes into the next one together. */
  private async deliver(socket: WebSocket): Promise<void> {
    if (this.delivering) return;
    this.delivering = true;
    try {
      while (this.inbox.length > 0 && this.socket === socket) {
        const received = this.inbox;
        this.inbox = [];
        await this.turns.take({ received });
      }
    } catch {
      // What could not be taken in is asked for again on a new connection.
      socket.close();
    } finally {
      this.delivering = false;
    }
  }
}
