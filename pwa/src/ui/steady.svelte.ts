/** A finger that trembles taps twice within this, ms. */
export const TREMBLE_MS = 500;

/** Where a tap has changed what is under the finger: until it can have been seen, no other tap was meant. */
export class Steady {
  private moving = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Nothing here is to be pressed now. */
  get still(): boolean {
    return this.moving;
  }

  /** Something is about to be, or has just been, in another place. */
  moved(): void {
    this.moving = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.moving = false), TREMBLE_MS);
  }

  /** What a tap does, if it was meant. Whoever presses without a finger means it. */
  meant(act: () => unknown): (event: MouseEvent) => void {
    return (event) => {
      if (!this.moving || event.detail === 0) void act();
    };
  }
}
