/** Hierarchies for ray casts by geometry hash: small ones built at once, large ones in a worker while boxes answer for them. */
import { type BufferAttribute, BufferGeometry, DoubleSide, type Ray } from "three";
import { MeshBVH, type SerializedBVH } from "three-mesh-bvh";
import type { BvhRequest } from "./bvh-worker";
import type { DrawGeometry } from "./geometries";

/** Triangles up to which building takes a few milliseconds at most. */
const AT_ONCE = 6000;

export class BvhCache {
  private readonly ready = new Map<string, MeshBVH>();
  private readonly asked = new Map<string, DrawGeometry>();
  private worker: Worker | null = null;

  /** Whether building takes so long that it should begin before the first click. */
  lacks(hash: string, geometry: DrawGeometry): boolean {
    return geometry.triangles > AT_ONCE && !this.ready.has(hash) && !this.asked.has(hash);
  }

  /** Starts building where that takes long, so that the first click finds it done. */
  prepare(hash: string, geometry: DrawGeometry): void {
    if (this.lacks(hash, geometry)) this.ask(hash, geometry);
  }

  /** The hierarchy, or undefined while the worker is at it. */
  get(hash: string, geometry: DrawGeometry): MeshBVH | undefined {
    const known = this.ready.get(hash);
    if (known || geometry.triangles > AT_ONCE) {
      if (!known) this.prepare(hash, geometry);
      return known;
    }
    const bvh = new MeshBVH(bareGeometry(geometry), { indirect: true });
    this.ready.set(hash, bvh);
    return bvh;
  }

  forget(hash: string): void {
    this.ready.delete(hash);
    this.asked.delete(hash);
  }

  dispose(): void {
    this.worker?.terminate();
    this.worker = null;
    this.ready.clear();
    this.asked.clear();
  }

  private ask(hash: string, geometry: DrawGeometry): void {
    this.asked.set(hash, geometry);
    const positions = (geometry.buffer.getAttribute("position").array as Float32Array).slice();
    const index = (geometry.buffer.getIndex() as BufferAttribute).array.slice() as Uint16Array | Uint32Array;
    const request: BvhRequest = { key: hash, positions, index };
    this.start().postMessage(request, [positions.buffer, index.buffer]);
  }

  private start(): Worker {
    if (!this.worker) {
      this.worker = new Worker(new URL("./bvh-worker.ts", import.meta.url), { type: "module" });
      this.worker.onmessage = (event: MessageEvent<SerializedBVH & { key: string }>) => this.take(event.data);
    }
    return this.worker;
  }

  private take(answer: SerializedBVH & { key: string }): void {
    const geometry = this.asked.get(answer.key);
    this.asked.delete(answer.key);
    if (!geometry) return;
    const bare = bareGeometry(geometry);
    this.ready.set(answer.key, MeshBVH.deserialize(answer, bare, { setIndex: false }));
  }
}

/** The same vertices and index without groups: a hierarchy over all primitives at once. */
function bareGeometry(geometry: DrawGeometry): BufferGeometry {
  const bare = new BufferGeometry();
  bare.setAttribute("position", geometry.buffer.getAttribute("position"));
  bare.setIndex(geometry.buffer.index);
  return bare;
}

/** Distance along a ray of the geometry's own frame to its surface, or null. */
export function castSurface(bvh: MeshBVH, ray: Ray): number | null {
  return bvh.raycastFirst(ray, DoubleSide)?.distance ?? null;
}
