/** Keeps the screen of a desk awake while it is in sight: a verifier who looks at it must not have to touch it. */
export function stayAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let over = false;
  const ask = () => {
    if (document.visibilityState !== "visible" || over) return;
    // Browsers without it, or with an empty battery, refuse: the screen then sleeps as it always did.
    void navigator.wakeLock?.request("screen").then(
      (held) => {
        if (over) void held.release().catch(() => undefined);
        else lock = held;
      },
      () => undefined,
    );
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release().catch(() => undefined);
  };
}
