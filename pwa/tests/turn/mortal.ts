// A device in a worker that stops at a named step of its turn, to be terminated there.
import { type Step, open, report } from "./device";

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = async ({ data }: MessageEvent<{ module: string; step: Step }>) => {
  const device = await open(data.module, (step) => self.postMessage(step));
  device.stopAt(data.step);
  self.postMessage(await report(device, data.step, 1));
};
