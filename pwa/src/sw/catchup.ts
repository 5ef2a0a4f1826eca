/**
 * The worker's own connection, for a moment: what was missed, receipts, the renewal of the
 * registration. Only if no window has one.
 */
import { LINK_LOCK } from "../core/windows";
import type { Device } from "./device";

/** The next push waits until this one is done with, ms. */
const BUDGET = 8_000;
/** Everything is here when nothing more has come for so long, ms. */
const QUIET = 400;

/** `seen`: a window is in sight, and will do all this itself. */
export async function catchUp(device: Device, seen: boolean): Promise<void> {
  // A window out of sight may be frozen, lock and all.
  const how: LockOptions = seen ? { ifAvailable: true } : { steal: true };
  await navigator.locks
    .request(LINK_LOCK, how, async (lock) => {
      if (lock) await connected(device);
    })
    .catch(() => undefined);
}

async function connected(device: Device): Promise<void> {
  const relay = device.turns.relay();
  if (!relay) return;
  const socket = new WebSocket(`${relay.replace(/^http/, "ws")}/v1/relay`);
  socket.binaryType = "arraybuffer";
  const inbox: Uint8Array[] = [];
  await new Promise<void>((done) => {
    let quiet: ReturnType<typeof setTimeout> | undefined;
    const budget = setTimeout(done, BUDGET);
    const end = () => {
      clearTimeout(budget);
      clearTimeout(quiet);
      done();
    };
    const settle = () => {
      clearTimeout(quiet);
      if (device.view?.caught_up && device.view.unsent === 0) quiet = setTimeout(end, QUIET);
    };
    let delivering = false;
    const deliver = async () => {
      if (delivering) return;
      delivering = true;
      while (inbox.length > 0) await device.turns.take({ received: inbox.splice(0) });
      delivering = false;
      settle();
    };
    device.send = (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame as Uint8Array<ArrayBuffer>);
    };
    device.hangUp = end;
    socket.onopen = () => void device.turns.take("connected").catch(end);
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
      inbox.push(new Uint8Array(message.data));
      void deliver().catch(end);
    };
    socket.onclose = end;
  });
  device.send = undefined;
  device.hangUp = undefined;
  socket.close();
  await device.turns.take("disconnected").catch(() => undefined);
  await device.settled();
}
