/** One open project: documents, stores, connections, the offline copy, presence and undo, wired together. */

import { Api } from "./api";
import { Blobs } from "./blobs";
import type { Connection } from "./connection";
import { SceneDocument, SessionDocument } from "./document";
import type { Ending } from "./endings";
import { InvalidEdit } from "./errors";
import { lastGeneration } from "./generations";
import { newId } from "./ids";
import { JobWatch } from "./job-watch";
import { type JobRequest, request } from "./jobs";
import { DocumentLink, warn } from "./link";
import { colourOf, Presence, type PresenceUser } from "./presence";
import { SessionStore } from "./session-store";
import { Shelf } from "./shelf";
import type { SocketClass } from "./socket";
import { type Status, type StatusWords, statusOf } from "./status";
import type { Step } from "./steps";
import { SceneStore } from "./store";
import { type Outcome, UndoStack } from "./undo";

export interface ProjectOptions {
  readonly id: string;
  readonly user: Partial<PresenceUser> & { readonly name: string };
  /** `http(s)://host`; in a browser the page's own. */
  readonly origin?: string;
  readonly token?: string;
  readonly WebSocket?: SocketClass;
  readonly fetch?: typeof fetch;
  /** null: keep nothing in this browser. */
  readonly indexedDB?: IDBFactory | null;
  /** Where refused edits go; absent: one of its own. */
  readonly shelf?: Shelf;
}

export interface EditOptions {
  /** Consecutive edits with the same key become one step of undo (a drag). */
  readonly mergeKey?: string;
}

type Generations = Readonly<Record<DocumentLink["name"], number | null>>;
const NO_COPIES: Generations = { scene: null, session: null };

export class Project {
  readonly id: string;
  readonly user: PresenceUser;
  readonly scene = new SceneDocument();
  readonly session = new SessionDocument();
  readonly store = new SceneStore(this.scene);
  readonly sessionStore = new SessionStore(this.session);
  readonly history = new UndoStack(this.scene);
  readonly presence: Presence;
  readonly api: Api;
  readonly blobs: Blobs;
  readonly #links: readonly DocumentLink[];
  /** Edits that the server refused, of this visit and of earlier ones. */
  readonly shelf: Shelf;
  readonly #listeners = new Set<() => void>();
  readonly #jobs: JobWatch;
  #status: Status | null = null;

  private constructor(options: ProjectOptions, generations: Generations, indexedDB: IDBFactory | null, shelf: Shelf) {
    this.id = options.id;
    const userId = options.user.id ?? newId();
    this.user = { id: userId, color: colourOf(userId), kind: "person", ...options.user };
    this.shelf = shelf;
    this.presence = new Presence(this.scene.doc.clientID, this.user);
    this.api = new Api({ ...options, user: this.user });
    this.blobs = new Blobs(this.api, this.id);
    this.#links = [
      this.#link("scene", options, generations.scene, indexedDB),
      this.#link("session", options, generations.session, indexedDB),
    ];
    this.#jobs = new JobWatch(this.sessionStore, this.user.id, (step, label) => this.history.push(step, { label }));
  }

  /** Loads this browser's copy, if there is one, and begins to connect. `ready` tells when there is something to show. */
  static async open(options: ProjectOptions): Promise<Project> {
    const { indexedDB = globalThis.indexedDB ?? null } = options;
    const generations = indexedDB === null ? NO_COPIES : await lastGenerations(indexedDB, options.id);
    const shelf = options.shelf ?? (await Shelf.open(options.id, indexedDB));
    const project = new Project(options, generations, indexedDB, shelf);
    await Promise.all(project.#links.map((link) => link.load()));
    for (const { connection } of project.#links) connection.connect();
    return project;
  }

  /** Resolves when the scene came from the server or from this browser's copy; rejects with the refusal. */
  async ready(): Promise<void> {
    const connection = this.#connection("scene");
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (connection.everSynced || this.scene.canonical() !== "{}") resolve();
        else if (connection.refusal !== null && connection.state === "refused") reject(connection.refusal);
        else return false;
        return true;
      };
      if (look()) return;
      const stop = this.subscribe(() => {
        if (look()) stop();
      });
    });
  }

  /** The state in words: saved, saving, offline and so on. */
  get status(): StatusWords {
    return this.state.words;
  }

  /** The state in detail; the same object until it changes. */
  get state(): Status {
    this.#status ??= statusOf(this.#links);
    return this.#status;
  }

  /** Whether this user or this client may only look. */
  get readOnly(): boolean {
    return this.scene.readOnly || this.#connection("scene").hello?.readOnly === true;
  }

  /** This user's role as the server last said it; null before. */
  get role(): string | null {
    return this.#connection("scene").hello?.role ?? null;
  }

  /** How the project ended for this window; null while it goes on. */
  get ending(): Ending | null {
    return this.#links.map(({ connection }) => connection.ending).find((ending) => ending !== null) ?? null;
  }

  /** The server refused this replica, its edits lie on the shelf: open the project anew to go on. */
  get replaceable(): boolean {
    const ended = this.#links.filter(({ connection }) => connection.ending === "replica");
    return ended.length > 0 && ended.every((link) => link.putAside);
  }

  /** Everything the server had arrived once. */
  get everSynced(): boolean {
    return this.#connection("scene").everSynced;
  }

  /** What was done here and is not known to be saved, as values; after a refusal this is what would be lost. */
  get unsaved(): Step {
    return this.#links.flatMap(({ connection }) => connection.unsaved);
  }

  /** Calls back when `status`, `state` or `readOnly` changed. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One undoable edit of the scene, under the name that the undo menu shows. */
  edit<T>(label: string, change: () => T, { mergeKey }: EditOptions = {}): T {
    if (this.readOnly && !this.scene.readOnly)
      throw new InvalidEdit("read_only", `the role here is ${this.role}`, "ask an owner of the project for more");
    let result: T | undefined;
    const step = this.scene.transact(() => {
      result = change();
    });
    this.history.push(step, { label, ...(mergeKey === undefined ? {} : { mergeKey }) });
    return result as T;
  }

  undo(): Outcome | undefined {
    return this.history.undo();
  }

  redo(): Outcome | undefined {
    return this.history.redo();
  }

  /** Asks for a job through the session document, which works offline too; returns its id. */
  requestJob(job: Omit<JobRequest, "by">): string {
    return request(this.session, { ...job, by: this.user.id });
  }

  /** A new name or colour, for others to see. */
  introduce(name: string, color: string): void {
    this.presence.setLocal({ user: { ...this.user, name, color } });
    for (const { connection } of this.#links) connection.rename(name);
  }

  /** Tries to connect at once instead of waiting. */
  retry(): void {
    for (const { connection } of this.#links) connection.retry();
  }

  /** Comes back after signing in again, with all that is not saved. */
  rejoin(): void {
    for (const { connection } of this.#links) connection.revive();
  }

  /** Asks before the page is left while something is neither saved nor kept. Returns how to stop. */
  guardUnload(target: Pick<Window, "addEventListener" | "removeEventListener"> = globalThis.window): () => void {
    const ask = (event: BeforeUnloadEvent) => {
      if (this.state.atRisk) event.preventDefault();
    };
    target.addEventListener("beforeunload", ask);
    return () => target.removeEventListener("beforeunload", ask);
  }

  /** Leaves the project; resolves when this browser's copy is written. */
  async close(): Promise<void> {
    this.#jobs.stop();
    await Promise.all(this.#links.map((link) => link.close()));
    this.#listeners.clear();
    this.store.destroy();
    this.sessionStore.destroy();
    this.scene.destroy();
    this.session.destroy();
  }

  #link(
    name: DocumentLink["name"],
    options: ProjectOptions,
    generation: number | null,
    indexedDB: IDBFactory | null,
  ): DocumentLink {
    const connection = {
      url: `${syncOrigin(options.origin)}/sync/${this.id}/${name}`,
      user: this.user,
      ...(name === "scene" ? { presence: this.presence } : {}),
      ...(options.WebSocket === undefined ? {} : { WebSocket: options.WebSocket }),
    };
    const { id: project, shelf } = this;
    const document = this[name];
    const onChange = () => this.#changed();
    return new DocumentLink({ name, project, document, connection, generation, indexedDB, shelf, onChange });
  }

  #connection(name: DocumentLink["name"]): Connection {
    return (this.#links.find((link) => link.name === name) as DocumentLink).connection;
  }

  #changed(): void {
    this.#status = null;
    if (this.#connection("session").everSynced) this.#jobs.start();
    for (const listener of [...this.#listeners]) listener();
  }
}

async function lastGenerations(indexedDB: IDBFactory, project: string): Promise<Generations> {
  try {
    const [scene, session] = await Promise.all([
      lastGeneration(indexedDB, `${project}/scene`),
      lastGeneration(indexedDB, `${project}/session`),
    ]);
    return { scene, session };
  } catch (error) {
    warn(error);
    return NO_COPIES;
  }
}

function syncOrigin(origin: string = globalThis.location?.origin ?? ""): string {
  return origin.replace(/^http/, "ws");
}
