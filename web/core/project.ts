/** One open project: documents, stores, connections, the offline copy, presence and undo, wired together. */

import { Api } from "./api";
import { Blobs } from "./blobs";
import { Connection, type SocketClass } from "./connection";
import { type CrdtDocument, SceneDocument, SessionDocument } from "./document";
import { lastGeneration, rememberGeneration } from "./generations";
import { newId } from "./ids";
import { JobWatch } from "./job-watch";
import { type JobRequest, request } from "./jobs";
import { OfflineStore } from "./offline";
import { colourOf, Presence, type PresenceUser } from "./presence";
import { SessionStore } from "./session-store";
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
}

export interface EditOptions {
  /** Consecutive edits with the same key become one step of undo (a drag). */
  readonly mergeKey?: string;
}

interface DocumentLink {
  readonly name: "scene" | "session";
  readonly document: CrdtDocument;
  readonly connection: Connection;
  offline: OfflineStore | null;
  /** Which generation this browser's copy is of; null until the server named one. */
  generation: number | null;
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
  readonly #indexedDB: IDBFactory | null;
  readonly #listeners = new Set<() => void>();
  readonly #jobs: JobWatch;
  /** Work on this browser's copies that closing waits for. */
  readonly #underWay: Promise<void>[] = [];
  #status: Status | null = null;

  private constructor(options: ProjectOptions, generations: Generations, indexedDB: IDBFactory | null) {
    this.id = options.id;
    const userId = options.user.id ?? newId();
    this.user = { id: userId, color: colourOf(userId), kind: "person", ...options.user };
    this.#indexedDB = indexedDB;
    this.presence = new Presence(this.scene.doc.clientID, this.user);
    this.api = new Api({ ...options, user: this.user });
    this.blobs = new Blobs(this.api, this.id);
    this.#links = [
      this.#link("scene", this.scene, options, generations.scene),
      this.#link("session", this.session, options, generations.session),
    ];
    this.#jobs = new JobWatch(this.sessionStore, this.user.id, (step, label) => this.history.push(step, { label }));
  }

  /** Loads this browser's copy, if there is one, and begins to connect. `ready` tells when there is something to show. */
  static async open(options: ProjectOptions): Promise<Project> {
    const { indexedDB = globalThis.indexedDB ?? null } = options;
    const generations = indexedDB === null ? NO_COPIES : await lastGenerations(indexedDB, options.id);
    const project = new Project(options, generations, indexedDB);
    await Promise.all(
      project.#links.map((link) => link.generation !== null && project.#openCopy(link, link.generation)),
    );
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

  /** Tries to connect at once instead of waiting. */
  retry(): void {
    for (const { connection } of this.#links) connection.retry();
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
    for (const { connection } of this.#links) connection.close();
    await Promise.all(this.#underWay);
    await Promise.all(this.#links.map(({ offline }) => offline?.close()));
    this.#listeners.clear();
    this.store.destroy();
    this.sessionStore.destroy();
    this.scene.destroy();
    this.session.destroy();
  }

  #link(
    name: DocumentLink["name"],
    document: CrdtDocument,
    options: ProjectOptions,
    generation: number | null,
  ): DocumentLink {
    const connection = new Connection({
      url: `${syncOrigin(options.origin)}/sync/${this.id}/${name}`,
      document,
      user: this.user,
      generation,
      ...(name === "scene" ? { presence: this.presence } : {}),
      ...(options.WebSocket === undefined ? {} : { WebSocket: options.WebSocket }),
    });
    const link = { name, document, connection, offline: null, generation };
    connection.subscribe(() => this.#onConnection(link));
    return link;
  }

  #connection(name: DocumentLink["name"]): Connection {
    return (this.#links.find((link) => link.name === name) as DocumentLink).connection;
  }

  #onConnection(link: DocumentLink): void {
    const { name, connection, offline } = link;
    if (name === "session" && connection.everSynced) this.#jobs.start();
    if (connection.hello !== null && connection.hello.generation !== link.generation)
      this.#underWay.push(this.#adopt(link, connection.hello.generation));
    if (connection.spoiled && offline?.error === null) this.#underWay.push(offline.discard().catch(warn));
    this.#changed();
  }

  /**
   * The server names the generation: of a new replica this browser keeps a copy from now on; a replica of another generation
   * was refused, and the next visit begins with the new one.
   */
  async #adopt(link: DocumentLink, generation: number): Promise<void> {
    const isNew = link.generation === null;
    link.generation = generation;
    if (this.#indexedDB === null) return;
    if (isNew) await this.#openCopy(link, generation);
    await rememberGeneration(this.#indexedDB, `${this.id}/${link.name}`, generation).catch(warn);
  }

  /** A browser that refuses storage leaves the project without a copy, which the status says. */
  async #openCopy(link: DocumentLink, generation: number): Promise<void> {
    const name = `maquette/${this.id}/${link.name}/${generation}`;
    const { document } = link;
    try {
      const offline = await OfflineStore.open({ name, document, indexedDB: this.#indexedDB as IDBFactory });
      link.offline = offline;
      offline.subscribe(() => this.#changed());
      this.#changed();
    } catch (error) {
      warn(error);
    }
  }

  #changed(): void {
    this.#status = null;
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

function warn(error: unknown): void {
  console.warn(`no copy of this project is kept in this browser: ${error}`);
}

function syncOrigin(origin: string = globalThis.location?.origin ?? ""): string {
  return origin.replace(/^http/, "ws");
}
