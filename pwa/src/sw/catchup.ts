/**
 * The worker's own connection, for a moment: what was missed, receipts, the renewal of the
 * registration. Only if no window has one.
 */
import { request } from "../core/locks";
import { LINK_LOCK } from "../core/windows";
import type { Device } from "./device";
import { inSight } from "./ring";

/** The next push waits until this one is done with, ms. */
const BUDGET = 8_000;
/** Everything is here when nothing more has come for so long, ms. */
const QUIET = 400;

/** Browsers may hand over the next push before the last one is done with. */
let before: Promise<unknown> = Promise.resolve();

/** Whether everything there was has been read here. */
export function catchUp(device: Device): Promise<boolean> {
  const next = before.then(async () => {
    // A window in sight does all this itself; one out of sight may be frozen, lock and all.
    const how: LockOptions = (await inSight()) ? { ifAvailable: true } : { steal: true };
    return request(LINK_LOCK, how, (lock) => (lock ? connected(device) : false)).catch(() => false);
  });
  before = next;
  return next;
}

async function connected(device: Device): Promise<boolean> {
  const relay = device.turns.relay();
  if (!relay) return false;
  let complete = false;
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
      complete = device.view?.caught_up ?? false;
      if (complete && device.view?.unsent === 0) quiet = setTimeout(end, QUIET);
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
  return complete;
}
