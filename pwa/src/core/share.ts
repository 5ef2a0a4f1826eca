/** The phone's own way to send a text on, which may fail without a sign, or never say how it ended. */
import { PATIENCE, within } from "./within";

/** False if nothing says that it was sent: its owner then copies it. Who closes the phone's question has answered it. */
export async function shared(browser: Pick<Navigator, "share">, url: string, ms = PATIENCE.question): Promise<boolean> {
  try {
    await within(ms, browser.share({ url }));
    return true;
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError";
  }
}
