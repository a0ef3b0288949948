/** Jobs and chat of the session document as immutable snapshots. Keys: `jobs`, `jobs/{id}`, `chat`. */

import type { Touched } from "./changes";
import type { SessionDocument } from "./document";
import { KeyedStore } from "./keyed-store";
import type { ChatLine, Job } from "./schema";
import { compare } from "./tree-edges";

export interface JobSnapshot extends Job {
  readonly id: string;
}

export interface ChatSnapshot extends ChatLine {
  readonly id: string;
}

export class SessionStore extends KeyedStore {
  readonly document: SessionDocument;
  readonly #stop: () => void;

  constructor(document: SessionDocument) {
    super();
    this.document = document;
    this.#stop = document.onChange((touched) => this.#update(touched));
  }

  job(id: string): JobSnapshot | undefined {
    return this.cached(`jobs/${id}`, () => {
      const job = this.document.read("jobs", id);
      return job && Object.freeze({ ...job, id });
    });
  }

  /** All jobs, the latest first. */
  jobs(): readonly JobSnapshot[] {
    return this.cached("jobs", () =>
      this.document
        .ids("jobs")
        .flatMap((id) => this.job(id) ?? [])
        .sort((a, b) => b.at - a.at || compare(a.id, b.id)),
    );
  }

  /** All lines, the earliest first. */
  chat(): readonly ChatSnapshot[] {
    return this.cached("chat", () =>
      this.document
        .ids("chat")
        .flatMap((id) => {
          const line = this.document.read("chat", id);
          return line === undefined ? [] : Object.freeze({ ...line, id });
        })
        .sort((a, b) => a.at - b.at || compare(a.id, b.id)),
    );
  }

  destroy(): void {
    this.#stop();
  }

  #update(touched: Touched): void {
    const changed = new Set<string>();
    for (const id of touched.get("jobs")?.keys() ?? []) changed.add(`jobs/${id}`).add("jobs");
    if (touched.has("chat")) changed.add("chat");
    this.changed(changed);
  }
}
