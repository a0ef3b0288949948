/**
 * y-protocols' awareness in a small form of our own: who is here, and what each of them shows. An entry counts when its clock
 * is higher than the one known, or equal and the state is null.
 */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { ProtocolError } from "./errors";
import { parseJson, readNumber, readText } from "./messages";

export type AwarenessState = Readonly<Record<string, unknown>>;

/** Bytes of one state's JSON in UTF-8. */
export const MAX_STATE = 4096;

export class Awareness {
  readonly client: number;
  readonly #states = new Map<number, AwarenessState>();
  readonly #clocks = new Map<number, number>();
  readonly #listeners = new Set<() => void>();
  readonly #localListeners = new Set<() => void>();

  constructor(client: number) {
    this.client = client;
  }

  get states(): ReadonlyMap<number, AwarenessState> {
    return this.#states;
  }

  get local(): AwarenessState | undefined {
    return this.#states.get(this.client);
  }

  /** Replaces the own state; repeat it to renew it. `update()` then tells others. */
  setLocal(state: AwarenessState | null): void {
    const size = new TextEncoder().encode(JSON.stringify(state)).length;
    if (size > MAX_STATE) throw new ProtocolError("presence_too_large", `${size} bytes`, `at most ${MAX_STATE}`);
    this.#put(this.client, (this.#clocks.get(this.client) ?? 0) + 1, state);
    for (const listener of [...this.#localListeners]) listener();
  }

  /** The own state as an awareness update. */
  update(): Uint8Array {
    return encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarUint(encoder, this.client);
      encoding.writeVarUint(encoder, this.#clocks.get(this.client) ?? 0);
      encoding.writeVarString(encoder, JSON.stringify(this.local ?? null));
    });
  }

  /** Takes over what is newer. Nobody else changes the own state. */
  apply(update: Uint8Array): void {
    const decoder = decoding.createDecoder(update);
    let changed = false;
    for (let count = readNumber(decoder); count > 0; count--) {
      changed = this.#take(readNumber(decoder), readNumber(decoder), readState(decoder)) || changed;
    }
    if (changed) this.#notify();
  }

  /** After a lost connection nobody is known to be there. */
  forgetOthers(): void {
    const before = this.#states.size;
    for (const client of [...this.#clocks.keys()]) {
      if (client === this.client) continue;
      this.#states.delete(client);
      this.#clocks.delete(client);
    }
    if (this.#states.size !== before) this.#notify();
  }

  /** Calls back when the own state was set, so that it is sent. */
  onLocal(listener: () => void): () => void {
    this.#localListeners.add(listener);
    return () => this.#localListeners.delete(listener);
  }

  /** Calls back when others changed. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(client: number, clock: number, state: AwarenessState | null): boolean {
    const known = this.#clocks.get(client) ?? -1;
    if (client === this.client) {
      // An older life of this client id: our next state has to be newer than what others remember.
      this.#clocks.set(client, Math.max(clock, known));
      return false;
    }
    const gone = clock === known && state === null && this.#states.has(client);
    if (clock <= known && !gone) return false;
    this.#put(client, clock, state);
    return true;
  }

  #put(client: number, clock: number, state: AwarenessState | null): void {
    this.#clocks.set(client, clock);
    if (state === null) this.#states.delete(client);
    else this.#states.set(client, state);
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function readState(decoder: decoding.Decoder): AwarenessState | null {
  const state = parseJson(readText(decoder));
  if (state !== null && (typeof state !== "object" || Array.isArray(state)))
    throw new ProtocolError("bad_presence", "a state that is no object");
  return state as AwarenessState | null;
}
