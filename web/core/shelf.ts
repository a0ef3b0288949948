/** Refused edits of a project, kept in this browser until somebody decides about them. */

import type { ErrorShape } from "./errors";
import { editsFrom, type KeptEdits } from "./kept-edits";
import { completed, openStore, settled } from "./offline";

const NAME = "maquette/refused-edits";
const STORE = "refused";

export interface RefusedEdits {
  readonly id: string;
  readonly project: string;
  readonly document: "scene" | "session";
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: ErrorShape;
  readonly edits: KeptEdits;
}

export class Shelf {
  readonly #indexedDB: IDBFactory | null;
  readonly #listeners = new Set<() => void>();
  #items: readonly RefusedEdits[];

  private constructor(indexedDB: IDBFactory | null, items: readonly RefusedEdits[]) {
    this.#indexedDB = indexedDB;
    this.#items = items;
  }

  /** With what earlier visits left. Without a database, or where it fails, the edits live as long as the page. */
  static async open(project: string, indexedDB: IDBFactory | null): Promise<Shelf> {
    if (indexedDB === null) return new Shelf(null, []);
    try {
      const items = await Shelf.all(indexedDB);
      return new Shelf(indexedDB, inOrder(items.filter((item) => item.project === project)));
    } catch (error) {
      console.warn(`refused edits are kept only as long as this page: ${error}`);
      return new Shelf(null, []);
    }
  }

  /** Of every project. */
  static async all(indexedDB: IDBFactory): Promise<readonly RefusedEdits[]> {
    const database = await openStore(indexedDB, NAME, STORE);
    try {
      const all: RefusedEdits[] = await settled(database.transaction(STORE).objectStore(STORE).getAll());
      return all.filter((item) => editsFrom(item.edits) !== undefined);
    } finally {
      database.close();
    }
  }

  /** The oldest first; the same list until it changes. */
  get items(): readonly RefusedEdits[] {
    return this.#items;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the edits are stored. */
  async add(item: RefusedEdits): Promise<void> {
    this.#set([...this.#items, item]);
    await this.#write((store) => store.put(item, item.id));
  }

  async remove(id: string): Promise<void> {
    this.#set(this.#items.filter((item) => item.id !== id));
    await this.#write((store) => store.delete(id));
  }

  #set(items: readonly RefusedEdits[]): void {
    this.#items = items;
    for (const listener of [...this.#listeners]) listener();
  }

  async #write(write: (store: IDBObjectStore) => void): Promise<void> {
    if (this.#indexedDB === null) return;
    const database = await openStore(this.#indexedDB, NAME, STORE);
    try {
      const transaction = database.transaction(STORE, "readwrite");
      write(transaction.objectStore(STORE));
      await completed(transaction);
    } finally {
      database.close();
    }
  }
}

function inOrder(items: readonly RefusedEdits[]): readonly RefusedEdits[] {
  return [...items].sort((a, b) => a.at - b.at);
}
