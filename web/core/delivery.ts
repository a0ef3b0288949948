/**
 * What of a replica's own changes the server has committed: counted by message, kept as values.
 *
 * Nothing counts as saved before the server said so: a change is *unsaved* until `saved n` covers the message that
 * carried it. After a lost connection the step 2 of the next one carries everything again.
 */

import { StepMerger } from "./step-merger";
import type { Step } from "./steps";

export class Delivery {
  readonly #unsaved = new StepMerger();
  #sent = 0;
  #saved = 0;
  /** The last message of this socket that carried something new. */
  #lastCarrying = 0;
  /** Changes that no message of this socket carries yet. */
  #dirty = false;

  /** Update messages of this socket that the server has not yet reported as committed. */
  get pending(): number {
    return Math.max(0, this.#sent - this.#saved);
  }

  /** Whether something done here is not known to be committed. */
  get hasUnsaved(): boolean {
    return this.#dirty || this.#saved < this.#lastCarrying;
  }

  /** What was done here and is not known to be committed, as values. */
  get unsaved(): Step {
    return this.#unsaved.step();
  }

  /** How many things that step is about. */
  get count(): number {
    return this.#unsaved.size;
  }

  get dirty(): boolean {
    return this.#dirty;
  }

  add(step: Step): void {
    this.#unsaved.add(step);
  }

  /** A change waits for a message to carry it. */
  wait(): void {
    this.#dirty = true;
  }

  send(carries: boolean): void {
    this.#sent++;
    if (carries) this.#lastCarrying = this.#sent;
  }

  /** Step 2 went out: it carries all that waited. */
  answer(): void {
    this.send(this.#dirty);
    this.#dirty = false;
  }

  save(n: number): void {
    this.#saved = Math.max(this.#saved, Math.min(n, this.#sent));
    if (!this.hasUnsaved) this.#unsaved.clear();
  }

  /** The socket is gone: what it carried and was not saved is to be carried again. */
  lose(): void {
    this.#dirty = this.hasUnsaved;
    this.#sent = 0;
    this.#saved = 0;
    this.#lastCarrying = 0;
  }
}
