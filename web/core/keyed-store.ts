/** Snapshots by key with subscriptions by key: the common half of the scene's and the session's store. */

export type Listener = () => void;
export type AllListener = (changed: ReadonlySet<string>) => void;

export class KeyedStore {
  readonly #cache = new Map<string, unknown>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #all = new Set<AllListener>();
  #version = 0;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Calls back after each transaction that changed what stands under `key`. */
  subscribe(key: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  /** Calls back once per transaction with every key that changed. */
  subscribeAll(listener: AllListener): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  /** The snapshot under `key`, made on first use: the same object until the key changes. */
  protected cached<T>(key: string, make: () => T): T {
    if (!this.#cache.has(key)) this.#cache.set(key, make());
    return this.#cache.get(key) as T;
  }

  protected peek(key: string): unknown {
    return this.#cache.get(key);
  }

  protected changed(keys: ReadonlySet<string>): void {
    if (keys.size === 0) return;
    this.#version++;
    for (const key of keys) this.#cache.delete(key);
    for (const listener of [...this.#all]) listener(keys);
    for (const key of keys) {
      for (const listener of [...(this.#listeners.get(key) ?? [])]) listener();
    }
  }
}
