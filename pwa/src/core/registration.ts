/** The service worker's registration, from a browser that may refuse it or never answer. */
import { PATIENCE, within } from "./within";

/** Undefined: there is none. One that is there already works on. */
export async function registered(
  container: Pick<ServiceWorkerContainer, "register" | "getRegistration">,
  url: string,
  patience = PATIENCE,
): Promise<ServiceWorkerRegistration | undefined> {
  try {
    return await within(patience.service, container.register(url, { type: "classic", updateViaCache: "none" }));
  } catch {
    return within(patience.state, container.getRegistration()).catch(() => undefined);
  }
}
