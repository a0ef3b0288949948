/**
 * A document's updates in the browser's IndexedDB, so that what was done offline is there after a closed tab or a crash.
 *
 * Updates are appended in batches, one transaction each; `kept` is true only when the last one is complete. Several tabs
 * may write to one database: each appends its own rows, and joining rows deletes only what it has read.
 */

import * as Y from "yjs";
import type { CrdtDocument } from "./document";

const UPDATES = "updates";
/** Rows from which loading joins them into one. */
const JOIN_FROM = 64;
const BATCH_DELAY = 50;
const EMPTY_UPDATE_LENGTH = 2;

export interface OfflineOptions {
  /** Unique for project, document and generation. */
  readonly name: string;
  readonly document: CrdtDocument;
  readonly indexedDB?: IDBFactory;
}

export class OfflineStore {
  readonly #database: IDBDatabase;
  readonly #document: CrdtDocument;
  readonly #listeners = new Set<() => void>();
  readonly #onUpdate: (update: Uint8Array, origin: unknown) => void;
  #queue: Uint8Array[] = [];
  #flushing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #error: Error | null = null;
  #loaded = false;
  #deleted = false;

  private constructor(database: IDBDatabase, document: CrdtDocument) {
    this.#database = database;
    this.#document = document;
    this.#onUpdate = (update, origin) => {
      if (origin !== "storage") this.#enqueue(update);
    };
    document.doc.on("update", this.#onUpdate);
    // Who deletes the copy, such as by signing out in another tab, waits until nobody holds it.
    database.onversionchange = () => {
      this.#deleted = true;
      this.#fail(new Error("the offline copy was deleted"));
      database.close();
    };
  }

  /** Opens the database, merges what it holds into the document and keeps what is in the document already. */
  static async open({ name, document, indexedDB = globalThis.indexedDB }: OfflineOptions): Promise<OfflineStore> {
    const database = await openStore(indexedDB, name, UPDATES, { autoIncrement: true });
    const store = new OfflineStore(database, document);
    await store.#load();
    return store;
  }

  /** Whether everything in the document is stored. */
  get kept(): boolean {
    return this.#loaded && this.#error === null && this.#queue.length === 0 && this.#flushing === null;
  }

  /** Why nothing is stored any more (a full disk, a private window). */
  get error(): Error | null {
    return this.#error;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes what is waiting; resolves when it is stored. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#error === null && (this.#flushing !== null || this.#queue.length > 0)) {
      this.#flushing ??= this.#write();
      await this.#flushing;
    }
  }

  /** Empties the copy and keeps nothing from now on: what it holds was refused. */
  async discard(): Promise<void> {
    if (this.#deleted) return;
    this.#fail(new Error("the server refused this copy"));
    const transaction = this.#database.transaction(UPDATES, "readwrite");
    transaction.objectStore(UPDATES).clear();
    await completed(transaction);
  }

  async close(): Promise<void> {
    this.#document.doc.off("update", this.#onUpdate);
    await this.flush();
    this.#listeners.clear();
    this.#database.close();
  }

  async #load(): Promise<void> {
    const transaction = this.#database.transaction(UPDATES, "readonly");
    const rows: Uint8Array[] = await settled(transaction.objectStore(UPDATES).getAll());
    // What came before the store was open; storing again what it holds does no harm.
    const earlier = this.#document.update();
    if (earlier.length > EMPTY_UPDATE_LENGTH) this.#queue.push(earlier);
    applyAll(this.#document.doc, rows);
    this.#loaded = true;
    if (rows.length >= JOIN_FROM) await this.#join();
    await this.flush();
  }

  #enqueue(update: Uint8Array): void {
    if (this.#error !== null) return;
    this.#queue.push(update);
    this.#timer ??= setTimeout(() => void this.flush(), BATCH_DELAY);
    this.#notify();
  }

  async #write(): Promise<void> {
    const batch = this.#queue;
    this.#queue = [];
    try {
      const transaction = this.#database.transaction(UPDATES, "readwrite");
      transaction.objectStore(UPDATES).add(batch.length === 1 ? batch[0] : Y.mergeUpdates(batch));
      await completed(transaction);
    } catch (error) {
      this.#fail(asError(error));
    } finally {
      this.#flushing = null;
      this.#notify();
    }
  }

  /** One row instead of many. Rows that another tab appends meanwhile have higher keys and stay. */
  async #join(): Promise<void> {
    const transaction = this.#database.transaction(UPDATES, "readwrite");
    const store = transaction.objectStore(UPDATES);
    const keys = store.getAllKeys();
    const rows = store.getAll();
    rows.onsuccess = () => {
      const last = keys.result.at(-1);
      if (last === undefined) return;
      store.delete(IDBKeyRange.upperBound(last));
      store.add(joined(rows.result));
    };
    await completed(transaction);
  }

  #fail(error: Error): void {
    this.#error = error;
    this.#queue = [];
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function applyAll(doc: Y.Doc, rows: readonly Uint8Array[]): void {
  doc.transact(() => {
    for (const row of rows) Y.applyUpdate(doc, row);
  }, "storage");
}

function joined(rows: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  applyAll(doc, rows);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

/** A database with one object store, which is made on first use. */
export function openStore(
  indexedDB: IDBFactory,
  name: string,
  store: string,
  options?: IDBObjectStoreParameters,
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store, options);
  return settled(request);
}

export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(asError(request.error));
  });
}

export function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(asError(transaction.error));
    transaction.onabort = () => reject(asError(transaction.error));
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
