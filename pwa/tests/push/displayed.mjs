// What Chromium has put on the screen, as it says itself. Asking a registration for its notifications
// while one is being shown makes Chromium forget that one: it stays on the screen and is listed no
// more (a third of those that were shown meanwhile, when it was tried). So whoever asks waits here first.
import { pause } from "./page.mjs";

/** Longer after the last one nothing is being shown, ms. */
const QUIET = 400;
/** Something is shown two seconds after a push at the latest, and three when the machine is busy, ms. */
const PATIENCE = 10_000;

/** Listens on a CDP session of a page. */
export async function displayed(cdp) {
  let count = 0;
  let last = 0;
  let known = 0;
  cdp.on("BackgroundService.backgroundServiceEventReceived", ({ backgroundServiceEvent }) => {
    if (backgroundServiceEvent.eventName !== "Notification displayed") return;
    count += 1;
    last = Date.now();
  });
  await cdp.send("BackgroundService.startObserving", { service: "notifications" });
  await cdp.send("BackgroundService.setRecording", { service: "notifications", shouldRecord: true });
  const more = async (patience) => {
    for (const start = Date.now(); count === known && Date.now() - start < patience; ) await pause(20);
  };
  const quiet = async () => {
    while (Date.now() - last < QUIET) await pause(20);
    known = count;
  };
  let awaited = false;
  return {
    /** Does what has something shown. */
    async by(act) {
      known = count;
      awaited = true;
      await act();
    },
    /** Until it has been, and nothing more comes. */
    async settled() {
      if (awaited) await more(PATIENCE);
      awaited = false;
      await quiet();
    },
    /** Until something else is, or for a while. */
    async changed() {
      await more(2_000);
      await quiet();
    },
  };
}
