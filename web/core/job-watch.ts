/** Puts the steps of this user's succeeded jobs on the undo stack (SPEC U5). */

import { isFinal } from "./jobs";
import type { JobSnapshot, SessionStore } from "./session-store";
import { type Step, stepFrom } from "./steps";

const LABELS: Readonly<Record<string, string>> = {
  import: "Import",
  "lod.chain": "Build levels of detail",
  simplify: "Simplify",
};

/**
 * Calls `push` once for each job of `user` that succeeds after `start`: jobs that had ended before belong to an earlier
 * visit, whose undo stack is gone.
 */
export class JobWatch {
  readonly #store: SessionStore;
  readonly #user: string;
  readonly #push: (step: Step, label: string) => void;
  readonly #ended = new Set<string>();
  #stop: (() => void) | null = null;

  constructor(store: SessionStore, user: string, push: (step: Step, label: string) => void) {
    this.#store = store;
    this.#user = user;
    this.#push = push;
  }

  start(): void {
    if (this.#stop !== null) return;
    for (const job of this.#store.jobs()) if (isFinal(job.state)) this.#ended.add(job.id);
    this.#stop = this.#store.subscribeAll((changed) => {
      for (const key of changed) if (key.startsWith("jobs/")) this.#look(this.#store.job(key.slice("jobs/".length)));
    });
  }

  stop(): void {
    this.#stop?.();
  }

  #look(job: JobSnapshot | undefined): void {
    if (job === undefined || !isFinal(job.state) || this.#ended.has(job.id)) return;
    this.#ended.add(job.id);
    if (job.state === "succeeded" && job.by === this.#user)
      this.#push(stepFrom(job.result?.step), LABELS[job.op] ?? job.op);
  }
}
