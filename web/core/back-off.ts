/** When to try again: later each time, at a random moment so that clients do not come back all at once. */

const FIRST_DELAY = 300;
const LAST_DELAY = 15_000;

export class BackOff {
  readonly #random: () => number;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `random` gives 0…1; a test fixes it. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Runs `attempt` later, and not before so many milliseconds. */
  wait(attempt: () => void, atLeast = 0): void {
    const longest = Math.max(atLeast, Math.min(LAST_DELAY, FIRST_DELAY * 2 ** this.#attempts));
    this.#attempts++;
    this.cancel();
    const delay = Math.max(atLeast, longest * (0.5 + this.#random() / 2));
    this.#timer = setTimeout(attempt, delay);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  /** It worked: the next time begins from the first delay. */
  reset(): void {
    this.#attempts = 0;
  }
}
