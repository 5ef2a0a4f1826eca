// The device in a worker, of either kind: what is asked comes with a port for the answer.
/// <reference lib="webworker" />
import { Desk, ask } from "./device";

declare const self: ServiceWorkerGlobalScope | DedicatedWorkerGlobalScope;

let module = "";
const desk = new Desk(() => module);

async function answer({ data, ports }: MessageEvent | ExtendableMessageEvent): Promise<void> {
  const message = data as { module: string; asked: { name: string; with: unknown[] } };
  module = message.module;
  const said = await ask(desk, message.asked.name, message.asked.with).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: String(error) }),
  );
  ports[0]?.postMessage(said);
}

if ("clients" in self) {
  const worker = self;
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
  worker.addEventListener("message", (event) => event.waitUntil(answer(event)));
} else {
  self.addEventListener("message", (event) => void answer(event));
}
