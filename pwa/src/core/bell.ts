/**
 * An app that is open rings too: sound, vibration and a mark in the title, until somebody touches it.
 * For alerts, and at the desk for reports that make noise.
 */
import type { Readable } from "svelte/store";

import type { IncidentView, View } from "./generated/core";
import { request } from "./locks";

/** How often it sounds again, and for how long in all, ms. */
const AGAIN = 4_000;
const LASTS = 60_000;
const VIBRATION = [400, 200, 400, 200, 800];
const MARK = "● ";
/** Of two windows one sounds. */
const LOCK = "campana-sound";

/** What an incident rings for; null: nothing. */
const rings = ({ notice, quiet }: IncidentView) => (notice && !quiet ? notice : null);

export class Bell {
  private known: Map<string, IncidentView["notice"]> | null = null;
  private audio: AudioContext | undefined;
  private ringing: { again: ReturnType<typeof setInterval>; title: string; done(): void } | undefined;

  constructor(view: Readable<View | null>) {
    // Browsers sound only what was touched once: any touch will do, and it ends the ringing too.
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => this.touched(), { capture: true, passive: true });
    view.subscribe((next) => this.saw(next));
  }

  private saw(view: View | null): void {
    if (!view?.caught_up) return;
    // What was there at the start is no news.
    const fresh = this.known && view.incidents.some((incident) => rings(incident) && this.known?.get(incident.id) !== incident.notice);
    this.known = new Map(view.incidents.map(({ id, notice }) => [id, notice]));
    if (fresh) this.ring();
  }

  private touched(): void {
    try {
      this.audio ??= new AudioContext();
      if (this.audio.state === "suspended") void this.audio.resume().catch(() => undefined);
    } catch {
      // It vibrates, and the title says so.
    }
    this.stop();
  }

  /** Until somebody touches the app, or for a minute. */
  ring(): void {
    this.stop();
    const title = document.title;
    document.title = MARK + title;
    const began = Date.now();
    const sound = () => {
      if (Date.now() - began >= LASTS) clearInterval(this.ringing?.again);
      else this.sound();
    };
    const again = setInterval(sound, AGAIN);
    let done = () => undefined as void;
    this.ringing = { again, title, done: () => done() };
    // The others leave it to the one that has it.
    void request(LOCK, { ifAvailable: true }, (lock) => {
      if (!lock || !this.ringing) return clearInterval(again);
      sound();
      return new Promise<void>((resolve) => (done = resolve));
    });
  }

  private stop(): void {
    if (!this.ringing) return;
    const { again, title, done } = this.ringing;
    this.ringing = undefined;
    clearInterval(again);
    document.title = title;
    navigator.vibrate?.(0);
    done();
  }

  private sound(): void {
    navigator.vibrate?.(VIBRATION);
    const { audio } = this;
    if (audio?.state !== "running") return;
    [880, 660, 880, 660].forEach((pitch, at) => {
      const [tone, loud] = [audio.createOscillator(), audio.createGain()];
      const start = audio.currentTime + at * 0.3;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.5, start);
      loud.gain.exponentialRampToValueAtTime(0.01, start + 0.28);
      tone.connect(loud).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.3);
    });
  }
}
