/** One document of an open project with its socket, its copy in this browser and the record of what is not saved yet. */

import { Connection, type ConnectionOptions } from "./connection";
import { copyName, removeOtherGenerations } from "./copies";
import type { CrdtDocument } from "./document";
import { rememberGeneration } from "./generations";
import { newId } from "./ids";
import { keepEdits } from "./kept-edits";
import { OfflineStore } from "./offline";
import type { Shelf } from "./shelf";
import { UnsavedLog } from "./unsaved-log";

/** Milliseconds offline until the same: a drag is not written at each of its steps. */
const WRITE_AFTER_OFFLINE = 50;
/** Milliseconds online that something stays unsaved before it is written down as such: on a good line nothing ever is. */
const WRITE_AFTER = 500;

export interface LinkOptions {
  readonly name: "scene" | "session";
  readonly project: string;
  readonly document: CrdtDocument;
  readonly connection: Omit<ConnectionOptions, "document" | "generation">;
  /** Which generation this browser's copy is of; null until the server named one. */
  readonly generation: number | null;
  readonly indexedDB: IDBFactory | null;
  readonly shelf: Shelf;
  readonly onChange: () => void;
}

export class DocumentLink {
  readonly name: LinkOptions["name"];
  readonly document: CrdtDocument;
  readonly connection: Connection;
  readonly #options: LinkOptions;
  #offline: OfflineStore | null = null;
  #log: UnsavedLog | null = null;
  #generation: number | null;
  /** The generation that the server named last. */
  #named: number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Work on this browser's copies that closing waits for. */
  #underWay: Promise<unknown> = Promise.resolve();
  /** Rows of the log that are being written. */
  #writing = 0;
  #ended = false;
  #putAside = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.name = options.name;
    this.document = options.document;
    this.#generation = options.generation;
    this.#named = options.generation;
    const { document, generation } = options;
    this.connection = new Connection({ ...options.connection, document, generation });
    this.connection.subscribe(() => this.#onConnection());
  }

  get offline(): OfflineStore | null {
    return this.#offline;
  }

  /** What is done here outlives this window, and so does the word that it is not saved: without it, a refusal would lose it. */
  get kept(): boolean {
    return this.#offline?.kept === true && this.#timer === undefined && this.#writing === 0;
  }

  /** The server refused this replica, and what was not saved in it is on the shelf. */
  get putAside(): boolean {
    return this.#putAside;
  }

  /** Loads this browser's copy, if there is one, and what of it was never seen saved. */
  async load(): Promise<void> {
    const { indexedDB, project } = this.#options;
    if (indexedDB === null) return;
    try {
      this.#log = await UnsavedLog.open(indexedDB, `${project}/${this.name}`, newId());
    } catch (error) {
      warn(error);
    }
    if (this.#generation === null) return;
    await this.#openCopy(indexedDB, this.#generation);
    this.connection.resume(this.#log?.found ?? []);
  }

  /** Resolves when this browser's copy is written. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const { hasUnsaved, unsaved } = this.connection;
    this.connection.close();
    if (hasUnsaved && !this.#ended) await this.#log?.write(unsaved).catch(warn);
    await this.#underWay;
    await this.#offline?.close();
    this.#log?.close();
  }

  #onConnection(): void {
    const { hello, ending } = this.connection;
    if (hello !== null && hello.generation !== this.#named) {
      this.#named = hello.generation;
      this.#after(() => this.#adopt(hello.generation));
    }
    if (ending === "replica" && !this.#ended) {
      this.#ended = true;
      this.#after(() => this.#leaveReplica());
    }
    this.#watchUnsaved();
    this.#options.onChange();
  }

  /** One after the other: a copy that is still being opened would take in what is to be emptied. */
  #after(work: () => Promise<void>): void {
    this.#underWay = this.#underWay.then(work).catch(warn);
  }

  /** Puts what was not saved on the shelf, and empties the copy, which would only be refused again. */
  async #leaveReplica(): Promise<void> {
    const { unsaved: step, refusal } = this.connection;
    const { project, shelf } = this.#options;
    if (step.length > 0 && refusal !== null) {
      const edits = keepEdits(this.document, step);
      await shelf.add({ id: newId(), project, document: this.name, at: Date.now(), reason: refusal, edits });
    }
    await this.#offline?.discard();
    await this.#log?.clear();
    await this.#removeOlder();
    this.#putAside = true;
    this.#options.onChange();
  }

  #watchUnsaved(): void {
    if (this.#log === null || this.#ended) return;
    if (this.connection.hasUnsaved) {
      const delay = this.connection.state === "online" ? WRITE_AFTER : WRITE_AFTER_OFFLINE;
      this.#timer ??= setTimeout(() => this.#writeUnsaved(), delay);
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#log.clear().catch(warn);
    }
  }

  async #writeUnsaved(): Promise<void> {
    this.#timer = undefined;
    if (this.#ended) return;
    this.#writing++;
    await this.#log?.write(this.connection.unsaved).catch(warn);
    this.#writing--;
    this.#options.onChange();
  }

  /**
   * The server names the generation: of a new replica this browser keeps a copy from now on; a replica of another generation
   * was refused, and the next one begins with the new one.
   */
  async #adopt(generation: number): Promise<void> {
    const isNew = this.#generation === null;
    this.#generation = generation;
    const { indexedDB, project } = this.#options;
    if (indexedDB === null) return;
    if (isNew) await this.#openCopy(indexedDB, generation);
    await rememberGeneration(indexedDB, `${project}/${this.name}`, generation).catch(warn);
    if (isNew) await this.#removeOlder();
  }

  /** Once what was not saved in them lies on the shelf, nobody asks for copies of earlier generations. */
  async #removeOlder(): Promise<void> {
    const { indexedDB, project } = this.#options;
    if (indexedDB === null || this.#generation === null) return;
    await removeOtherGenerations(indexedDB, project, this.name, this.#generation).catch(warn);
  }

  /** A browser that refuses storage leaves the project without a copy, which the status says. */
  async #openCopy(indexedDB: IDBFactory, generation: number): Promise<void> {
    const name = copyName(this.#options.project, this.name, generation);
    try {
      this.#offline = await OfflineStore.open({ name, document: this.document, indexedDB });
      this.#offline.subscribe(this.#options.onChange);
      this.#options.onChange();
    } catch (error) {
      warn(error);
    }
  }
}

export function warn(error: unknown): void {
  console.warn(`no copy of this project is kept in this browser: ${error}`);
}
