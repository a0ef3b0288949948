/** Typed client of the HTTP API (docs/api.md). Every refusal is an ApiError with the server's code, message and hint. */

import { ApiError } from "./errors";
import type { JobError, JobState } from "./schema";

export interface ProjectInfo {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly changed: number;
  readonly generation: number;
  readonly trashed: boolean;
  /** The asker's own. */
  readonly role?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface JobInfo {
  readonly id: string;
  readonly op: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly state: JobState;
  readonly progress: number;
  readonly message: string;
  readonly position: number | null;
  readonly eta: number | null;
  readonly attempts: number;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: JobError | null;
  readonly at: number;
  readonly started: number | null;
  readonly finished: number | null;
}

export interface SessionInfo {
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly color: string;
    readonly kind: "person" | "peer" | "assistant";
  };
  readonly mode: "local" | "accounts";
  /** What this person is on the server: `admin`, `team`, `member`, `guest`; `visitor` in local mode. */
  readonly standing?: string;
  /** Has an address and a password; those who came by a link or a key alone have none. */
  readonly account?: boolean;
  readonly email?: string | null;
}

/** A file to import, with its path below the dropped folder. */
export interface ImportFile {
  readonly file: Blob;
  readonly path: string;
}

export interface ImportOptions {
  /** The node to import below. */
  readonly parent?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

export interface JobOrder {
  readonly op: string;
  readonly target?: object;
  readonly params?: object;
}

export interface ExportOrder {
  readonly format: string;
  readonly nodes?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ApiOptions {
  /** The server's origin; in a browser the page's own. */
  readonly origin?: string;
  readonly token?: string;
  /** Who asks, where the server lets visitors say so (local mode); the author of what is asked for. */
  readonly user?: { readonly id: string; readonly name: string };
  readonly fetch?: typeof fetch;
}

type Body = { readonly json: unknown } | { readonly form: FormData } | { readonly bytes: Uint8Array<ArrayBuffer> };

export class Api {
  readonly base: string;
  readonly #fetch: typeof fetch;
  readonly #token: string | undefined;
  readonly #user: ApiOptions["user"];

  constructor({ origin = "", token, user, fetch: fetcher = globalThis.fetch }: ApiOptions = {}) {
    this.base = `${origin}/api/v1`;
    this.#token = token;
    this.#user = user;
    this.#fetch = fetcher.bind(globalThis);
  }

  session(): Promise<SessionInfo> {
    return this.#json("GET", "/session");
  }

  projects(options: { cursor?: string; limit?: number; trashed?: boolean } = {}): Promise<Page<ProjectInfo>> {
    const { cursor, limit, trashed } = options;
    return this.#json("GET", `/projects${query({ cursor, limit, trashed: trashed ? 1 : undefined })}`);
  }

  createProject(name: string): Promise<ProjectInfo> {
    return this.#json("POST", "/projects", { json: { name } });
  }

  project(id: string): Promise<ProjectInfo> {
    return this.#json("GET", `/projects/${id}`);
  }

  changeProject(id: string, change: { name?: string; trashed?: boolean }): Promise<ProjectInfo> {
    return this.#json("PATCH", `/projects/${id}`, { json: change });
  }

  async trashProject(id: string): Promise<void> {
    await this.#send("DELETE", `/projects/${id}`);
  }

  duplicateProject(id: string, name?: string): Promise<ProjectInfo> {
    return this.#json("POST", `/projects/${id}/duplicate`, { json: name === undefined ? {} : { name } });
  }

  /** Uploads files as one import; returns the job's id. */
  async importFiles(id: string, files: readonly ImportFile[], settings: ImportOptions = {}): Promise<string> {
    const form = new FormData();
    for (const { file, path } of files) form.append("file", file, path);
    if (settings.parent !== undefined) form.append("parent", settings.parent);
    if (settings.options !== undefined) form.append("options", JSON.stringify(settings.options));
    const answer = await this.#json<{ job: string }>(
      "POST",
      `/projects/${id}/import${this.#asker()}`,
      { form },
      settings.signal,
    );
    return answer.job;
  }

  async startJob(id: string, { op, target = {}, params = {} }: JobOrder): Promise<string> {
    const answer = await this.#json<{ job: string }>("POST", `/projects/${id}/jobs${this.#asker()}`, {
      json: { op, target, params },
    });
    return answer.job;
  }

  /** The job; with `wait` the answer comes when its state changes or after so many seconds. */
  job(id: string, job: string, wait?: number, signal?: AbortSignal): Promise<JobInfo> {
    return this.#json("GET", `/projects/${id}/jobs/${job}${query({ wait })}`, undefined, signal);
  }

  cancelJob(id: string, job: string): Promise<JobInfo> {
    return this.#json("DELETE", `/projects/${id}/jobs/${job}`);
  }

  async exportScene(id: string, order: ExportOrder): Promise<string> {
    return (await this.#json<{ job: string }>("POST", `/projects/${id}/export${this.#asker()}`, { json: order })).job;
  }

  async getBlob(id: string, sha256: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#send("GET", `/projects/${id}/blobs/${sha256}`, undefined, signal);
    return new Uint8Array(await response.arrayBuffer());
  }

  async putBlob(id: string, sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#send("PUT", `/projects/${id}/blobs/${sha256}`, { bytes });
  }

  /** Where a browser downloads a blob from, under a name of its own. */
  blobUrl(id: string, sha256: string, name?: string): string {
    return `${this.base}/projects/${id}/blobs/${sha256}${query({ name })}`;
  }

  /** Any other call: a JSON body up, a JSON answer down (undefined where there is none). */
  async call<T>(method: string, path: string, json?: object): Promise<T> {
    const response = await this.#send(method, path, json && { json });
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  #asker(): string {
    return query({ user: this.#user?.id, name: this.#user?.name });
  }

  async #json<T>(method: string, path: string, body?: Body, signal?: AbortSignal): Promise<T> {
    const response = await this.#send(method, path, body, signal);
    return (await response.json()) as T;
  }

  async #send(method: string, path: string, body?: Body, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` };
    if (body !== undefined && "json" in body) headers["Content-Type"] = "application/json";
    const response = await this.#fetch(this.base + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: contentOf(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

function contentOf(body: Body): BodyInit {
  if ("json" in body) return JSON.stringify(body.json);
  return "form" in body ? body.form : body.bytes;
}

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`;
}

/** The server's own words; a proxy's page or a lost connection in the middle has none. */
async function refusal(response: Response): Promise<ApiError> {
  const fallback = {
    code: `http_${response.status}`,
    message: response.statusText || `HTTP ${response.status}`,
    hint: "",
  };
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: Partial<typeof fallback> } | null)?.error;
  return new ApiError(response.status, { ...fallback, ...error });
}
