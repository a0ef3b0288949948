/**
 * What was done in this browser and never seen saved, as a step beside the offline copy. The copy knows what the document
 * holds, not which of it is news to the server: after a refusal, in a later visit, this is what would be lost.
 *
 * Each window writes a row of its own; a window that opens takes over the rows that it finds.
 */

import { completed, openStore, settled } from "./offline";
import { StepMerger } from "./step-merger";
import { type Step, stepFrom } from "./steps";

const NAME = "maquette/unsaved";
const STORE = "steps";

export class UnsavedLog {
  readonly #database: IDBDatabase;
  readonly #own: string;
  /** Keys of rows whose steps are this window's now. */
  readonly #keys: Set<string>;
  /** What earlier visits left. */
  readonly found: Step;

  private constructor(database: IDBDatabase, own: string, keys: Set<string>, found: Step) {
    this.#database = database;
    this.#own = own;
    this.#keys = keys;
    this.found = found;
  }

  /** `name` is unique for project and document, `writer` for a window. */
  static async open(indexedDB: IDBFactory, name: string, writer: string): Promise<UnsavedLog> {
    const database = await openStore(indexedDB, NAME, STORE);
    // Whoever deletes it waits until nobody holds it.
    database.onversionchange = () => database.close();
    const rows = database.transaction(STORE).objectStore(STORE);
    const range = IDBKeyRange.bound(`${name}/`, `${name}/\uffff`);
    const [keys, steps] = await Promise.all([settled(rows.getAllKeys(range)), settled(rows.getAll(range))]);
    const merger = new StepMerger();
    for (const step of steps) merger.add(stepFrom(step));
    return new UnsavedLog(database, `${name}/${writer}`, new Set(keys as string[]), merger.step());
  }

  /** What every window wrote of every project. */
  static async all(indexedDB: IDBFactory): Promise<readonly Step[]> {
    const database = await openStore(indexedDB, NAME, STORE);
    try {
      const steps: unknown[] = await settled(database.transaction(STORE).objectStore(STORE).getAll());
      return steps.map(stepFrom);
    } finally {
      database.close();
    }
  }

  /** Replaces this window's row, and the rows that it took over. */
  async write(step: Step): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite");
    const store = transaction.objectStore(STORE);
    for (const key of this.#keys) if (key !== this.#own) store.delete(key);
    this.#keys.clear();
    this.#keys.add(this.#own);
    store.put(step, this.#own);
    await completed(transaction);
  }

  /** Everything is saved, or kept elsewhere. */
  async clear(): Promise<void> {
    if (this.#keys.size === 0) return;
    const transaction = this.#database.transaction(STORE, "readwrite");
    for (const key of this.#keys) transaction.objectStore(STORE).delete(key);
    this.#keys.clear();
    await completed(transaction);
  }

  close(): void {
    this.#database.close();
  }
}
