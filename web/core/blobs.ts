/** Blobs of a project by their SHA-256: kept in memory up to a limit, asked for once, immutable. */

import { digest } from "lib0/hash/sha256";
import { hex } from "./canonical";

export interface BlobTransport {
  getBlob(project: string, sha256: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  putBlob(project: string, sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

const MEMORY_LIMIT = 256 * 2 ** 20;

export class Blobs {
  readonly #transport: BlobTransport;
  readonly #project: string;
  readonly #limit: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #coming = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #bytes = 0;

  constructor(transport: BlobTransport, project: string, limit = MEMORY_LIMIT) {
    this.#transport = transport;
    this.#project = project;
    this.#limit = limit;
  }

  /** The bytes, shared between all who ask: do not write to them, nor transfer them. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept.get(sha256);
    if (kept !== undefined) {
      this.#kept.delete(sha256);
      this.#kept.set(sha256, kept);
      return Promise.resolve(kept);
    }
    return this.#coming.get(sha256) ?? this.#fetch(sha256);
  }

  /** Uploads bytes and returns their name. */
  async put(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const sha256 = await sha256Hex(bytes);
    await this.#transport.putBlob(this.#project, sha256, bytes);
    this.#keep(sha256, bytes);
    return sha256;
  }

  #fetch(sha256: string): Promise<Uint8Array<ArrayBuffer>> {
    const coming = this.#transport.getBlob(this.#project, sha256).then((bytes) => {
      this.#keep(sha256, bytes);
      return bytes;
    });
    const settled = coming.finally(() => this.#coming.delete(sha256));
    this.#coming.set(sha256, settled);
    return settled;
  }

  #keep(sha256: string, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#kept.has(sha256) || bytes.length > this.#limit) return;
    this.#kept.set(sha256, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= this.#limit) break;
      this.#kept.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}

/** Lowercase hex SHA-256; slower where the browser hides `crypto.subtle` (plain http to another machine). */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto.subtle === undefined) return hex(digest(bytes));
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
