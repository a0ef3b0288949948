/** Whether the other side of a socket still lives: a socket can be dead without a close. */

const INTERVAL = 15_000;
/** Beats without a word from the other side until it counts as dead. */
const SILENT_BEATS = 3;

export class Heartbeat {
  readonly #beat: () => void;
  readonly #onSilence: () => void;
  #silentBeats = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `beat` asks for a sign of life, `onSilence` is told when none came for long. */
  constructor(beat: () => void, onSilence: () => void) {
    this.#beat = beat;
    this.#onSilence = onSilence;
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.#tick(), INTERVAL);
  }

  /** The other side said something. */
  heard(): void {
    this.#silentBeats = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#silentBeats = 0;
  }

  #tick(): void {
    if (this.#silentBeats++ >= SILENT_BEATS) this.#onSilence();
    else this.#beat();
  }
}
