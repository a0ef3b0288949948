/** Builds a bounding volume hierarchy off the main thread. In: positions and index; out: its serialised form. */
import { BufferAttribute, BufferGeometry } from "three";
import { MeshBVH } from "three-mesh-bvh";

export interface BvhRequest {
  readonly key: string;
  readonly positions: Float32Array;
  readonly index: Uint16Array | Uint32Array;
}

self.onmessage = (event: MessageEvent<BvhRequest>) => {
  const { key, positions, index } = event.data;
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(index, 1));
  const bvh = MeshBVH.serialize(new MeshBVH(geometry, { indirect: true }), { cloneBuffers: false });
  self.postMessage({ ...bvh, index: null, key }, { transfer: bvh.roots });
};
