/** Decodes geometries away from the main thread, the most wanted first; work that nobody waits for is not begun. */

import { type ErrorShape, InvalidGeometry } from "./errors";
import type { Geometry } from "./geometry";

export interface WorkerRequest {
  readonly bytes: Uint8Array;
}

export type WorkerAnswer = { readonly geometry: Geometry } | { readonly error: ErrorShape };

/** What the pool uses of a Worker. */
export interface PoolWorker {
  onmessage: ((event: MessageEvent<WorkerAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: WorkerRequest, transfer?: Transferable[]): void;
  terminate(): void;
}

export interface DecodeOptions {
  /** Higher goes first; equal ones in the order of asking. */
  readonly priority?: number;
  readonly signal?: AbortSignal;
  /** Hand the bytes over instead of copying them; the caller must not use them afterwards. */
  readonly transfer?: boolean;
}

interface Task {
  readonly bytes: Uint8Array;
  readonly priority: number;
  readonly transfer: boolean;
  readonly resolve: (geometry: Geometry) => void;
  readonly reject: (error: unknown) => void;
}

export class GeometryPool {
  readonly #makeWorker: () => PoolWorker;
  readonly #size: number;
  readonly #idle: PoolWorker[] = [];
  readonly #all = new Set<PoolWorker>();
  /** Ascending by priority; the last goes first. */
  readonly #waiting: Task[] = [];
  #closed = false;

  constructor(makeWorker: () => PoolWorker = newWorker, size = defaultSize()) {
    this.#makeWorker = makeWorker;
    this.#size = size;
  }

  /** Starts a worker ahead of the first task: its script and its decoder load while that is still on its way. */
  prepare(): void {
    if (this.#all.size > 0) return;
    const worker = this.#hire();
    if (worker !== undefined) this.#idle.push(worker);
  }

  /** Rejects with InvalidGeometry, or with the signal's reason where it is aborted before the work began. */
  decode(bytes: Uint8Array, { priority = 0, signal, transfer = false }: DecodeOptions = {}): Promise<Geometry> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error("the pool is closed");
      signal?.throwIfAborted();
      const task: Task = { bytes, priority, transfer, resolve, reject };
      this.#waiting.splice(this.#placeFor(priority), 0, task);
      signal?.addEventListener("abort", () => this.#cancel(task, signal.reason), { once: true });
      this.#next();
    });
  }

  /** Ends the workers; what waits is rejected. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#all) worker.terminate();
    for (const task of this.#waiting.splice(0)) task.reject(new Error("the pool was closed"));
  }

  /** Before all of the same priority, which go first. */
  #placeFor(priority: number): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiting[middle] as Task).priority < priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #cancel(task: Task, reason: unknown): void {
    const at = this.#waiting.indexOf(task);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    task.reject(reason);
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.pop() ?? this.#hire();
    if (worker === undefined) return;
    this.#run(worker, this.#waiting.pop() as Task);
  }

  #hire(): PoolWorker | undefined {
    if (this.#all.size >= this.#size) return undefined;
    const worker = this.#makeWorker();
    this.#all.add(worker);
    return worker;
  }

  #run(worker: PoolWorker, task: Task): void {
    worker.onmessage = ({ data }) => {
      this.#idle.push(worker);
      if ("geometry" in data) task.resolve(data.geometry);
      else task.reject(new InvalidGeometry(data.error.code, data.error.message, data.error.hint));
      this.#next();
    };
    worker.onerror = (event) => {
      // A worker that broke (out of memory) is not used again.
      worker.terminate();
      this.#all.delete(worker);
      task.reject(new InvalidGeometry("worker_failed", event.message || "the decoder's worker broke down"));
      this.#next();
    };
    worker.postMessage({ bytes: task.bytes }, task.transfer ? [task.bytes.buffer as ArrayBuffer] : []);
  }
}

function newWorker(): PoolWorker {
  return new Worker(new URL("./geometry-worker.ts", import.meta.url), { type: "module" });
}

function defaultSize(): number {
  return Math.max(1, Math.min(4, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1));
}
