/** Sends one's own presence: a burst of changes as one message, and again at every heartbeat. */

import type { Presence } from "./presence";

const INTERVAL = 50;

export class PresenceSender {
  readonly #presence: Presence | undefined;
  readonly #send: (update: Uint8Array) => void;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `send` is called only for a presence; it drops what there is no socket for. */
  constructor(presence: Presence | undefined, send: (update: Uint8Array) => void) {
    this.#presence = presence;
    this.#send = send;
    this.#stop = presence?.awareness.onLocal(() => this.#schedule()) ?? (() => {});
  }

  receive(update: Uint8Array): void {
    this.#presence?.awareness.apply(update);
  }

  now(): void {
    this.#forget();
    if (this.#presence) this.#send(this.#presence.awareness.update());
  }

  /** A new clock for the same state, so that others do not take it for a dead one. */
  renew(): void {
    this.#presence?.setLocal({});
  }

  /** The socket is gone, and the others with it. */
  lose(): void {
    this.#forget();
    this.#presence?.awareness.forgetOthers();
  }

  close(): void {
    this.#stop();
    this.#forget();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.now(), INTERVAL);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
