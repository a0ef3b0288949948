/**
 * Geometries by hash: fetched and decoded a few at a time in the order of need, handed to the GPU a few megabytes a frame,
 * dropped least recently used first when they outgrow their memory and nothing draws them.
 */
import { type DrawGeometry, drawGeometry } from "./geometries";
import type { BlobSource, GeometryDecoder } from "./sources";

export interface Wish {
  readonly hash: string;
  /** Greater is fetched sooner. */
  readonly priority: number;
  /** Steps before it on the way to what is wanted: it takes no bandwidth from those, but follows without a pause. */
  readonly ahead: number;
}

export interface StreamingLimits {
  /** Geometries fetched or decoded at once. */
  readonly parallel: number;
  /** Bytes that become drawable in one frame; one geometry always may. */
  readonly bytesPerFrame: number;
  /** Bytes held before unused geometries go. */
  readonly memory: number;
  /** Milliseconds before a failed fetch is tried again; doubles each time. */
  readonly retry: number;
}

export const LIMITS: StreamingLimits = { parallel: 4, bytesPerFrame: 24 << 20, memory: 768 << 20, retry: 2000 };

type Entry =
  | { state: "loading" }
  | { state: "decoded"; geometry: DrawGeometry }
  | { state: "ready"; geometry: DrawGeometry; used: number }
  | { state: "failed"; attempts: number; waiting: boolean };

export class GeometryStream {
  fetchedBytes = 0;
  heldBytes = 0;

  private readonly entries = new Map<string, Entry>();
  private wishes: readonly Wish[] = [];
  private running = 0;
  /** Hashes on their way, and how many steps ahead they are. */
  private readonly downloads = new Map<string, number>();
  private clock = 0;
  private disposed = false;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  /** `changed`: something can be drawn or asked for that could not before. */
  constructor(
    private readonly blobs: BlobSource,
    private readonly decoder: GeometryDecoder,
    private readonly changed: () => void,
    private readonly failed: (hash: string, message: string) => void,
    private readonly limits: StreamingLimits = LIMITS,
  ) {}

  /** The geometry if it can be drawn now. */
  get(hash: string): DrawGeometry | undefined {
    const entry = this.entries.get(hash);
    return entry?.state === "ready" ? entry.geometry : undefined;
  }

  has(hash: string): boolean {
    return this.entries.get(hash)?.state === "ready";
  }

  /** What is wanted now, instead of what was wanted before. What is under way goes on. */
  want(wishes: readonly Wish[]): void {
    for (const { hash, ahead } of wishes) if (this.downloads.has(hash)) this.downloads.set(hash, ahead);
    this.wishes = wishes.filter((wish) => !this.entries.has(wish.hash) || this.mayRetry(wish.hash));
    this.wishes = [...this.wishes].sort((a, b) => b.priority - a.priority);
    this.pump();
  }

  /** Geometries under way or wished for. */
  get pending(): number {
    let waiting = 0;
    for (const entry of this.entries.values()) if (entry.state === "loading" || entry.state === "decoded") waiting += 1;
    return waiting + this.wishes.length;
  }

  /** Makes decoded geometries drawable, as many as one frame may upload; true when some are left for the next. */
  activate(): boolean {
    let bytes = 0;
    for (const [hash, entry] of this.entries) {
      if (entry.state !== "decoded") continue;
      if (bytes > 0 && bytes + entry.geometry.bytes > this.limits.bytesPerFrame) return true;
      bytes += entry.geometry.bytes;
      this.heldBytes += entry.geometry.bytes;
      this.entries.set(hash, { state: "ready", geometry: entry.geometry, used: this.clock });
    }
    return false;
  }

  /** Marks what the frame draws and lets go of the longest unused beyond the memory limit; returns their hashes. */
  retain(used: Iterable<string>): string[] {
    this.clock += 1;
    for (const hash of used) {
      const entry = this.entries.get(hash);
      if (entry?.state === "ready") entry.used = this.clock;
    }
    return this.heldBytes > this.limits.memory ? this.evict() : [];
  }

  dispose(): void {
    this.disposed = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const entry of this.entries.values()) if ("geometry" in entry) entry.geometry.buffer.dispose();
    this.entries.clear();
  }

  private evict(): string[] {
    const idle = [...this.entries]
      .flatMap(([hash, entry]) => (entry.state === "ready" && entry.used < this.clock ? [{ hash, entry }] : []))
      .sort((a, b) => a.entry.used - b.entry.used);
    const gone: string[] = [];
    for (const { hash, entry } of idle) {
      if (this.heldBytes <= this.limits.memory) break;
      entry.geometry.buffer.dispose();
      this.heldBytes -= entry.geometry.bytes;
      this.entries.delete(hash);
      gone.push(hash);
    }
    return gone;
  }

  private mayRetry(hash: string): boolean {
    const entry = this.entries.get(hash);
    return entry?.state === "failed" && !entry.waiting;
  }

  private pump(): void {
    while (this.running < this.limits.parallel && !this.disposed) {
      const [next, ...rest] = this.wishes;
      if (!next || this.mustWait(next)) return;
      this.wishes = rest;
      void this.load(next);
    }
  }

  private mustWait(wish: Wish): boolean {
    for (const ahead of this.downloads.values()) if (ahead < wish.ahead) return true;
    return false;
  }

  private async load({ hash, priority, ahead }: Wish): Promise<void> {
    const earlier = this.entries.get(hash);
    const attempts = earlier?.state === "failed" ? earlier.attempts : 0;
    this.entries.set(hash, { state: "loading" });
    this.running += 1;
    try {
      const bytes = await this.download(hash, ahead);
      const geometry = drawGeometry(await this.decoder.decode(bytes, { priority }));
      if (this.disposed) geometry.buffer.dispose();
      else this.entries.set(hash, { state: "decoded", geometry });
    } catch (error) {
      this.fail(hash, attempts + 1, error);
    }
    this.running -= 1;
    if (this.disposed) return;
    this.pump();
    this.changed();
  }

  private async download(hash: string, ahead: number): Promise<Uint8Array> {
    this.downloads.set(hash, ahead);
    try {
      const bytes = await this.blobs.get(hash);
      this.fetchedBytes += bytes.byteLength;
      return bytes;
    } finally {
      this.downloads.delete(hash);
      this.pump();
    }
  }

  private fail(hash: string, attempts: number, error: unknown): void {
    const entry: Entry = { state: "failed", attempts, waiting: true };
    this.entries.set(hash, entry);
    if (attempts === 1) this.failed(hash, error instanceof Error ? error.message : String(error));
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        entry.waiting = false;
        this.changed();
      },
      this.limits.retry * 2 ** Math.min(attempts - 1, 6),
    );
    this.timers.add(timer);
  }
}
