/** Tells when something has been on its way to the server for long. */

/** Milliseconds that a change may take before the connection is called slow. */
const SLOW = 5000;

export class Slowness {
  readonly #onSlow: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #slow = false;

  constructor(onSlow: () => void) {
    this.#onSlow = onSlow;
  }

  get slow(): boolean {
    return this.#slow;
  }

  /** Something went out; a clock that runs already goes on. */
  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#slow = true;
      this.#onSlow();
    }, SLOW);
  }

  /** Everything has arrived, or the socket is gone. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#slow = false;
  }
}
