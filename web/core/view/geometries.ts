/** Decoded geometry as three.js holds it: one vertex buffer, one index, one group per primitive. */
import { BufferAttribute, BufferGeometry } from "three";
import type { GeometrySource } from "./sources";

/** Channels of texture coordinates that three.js reads: uv, uv1, uv2, uv3. */
export const MAX_CHANNELS = 4;

export interface DrawGeometry {
  readonly buffer: BufferGeometry;
  /** Slot id of each group, in order. */
  readonly slots: readonly string[];
  readonly triangles: number;
  readonly bytes: number;
  readonly hasNormals: boolean;
  readonly hasColors: boolean;
}

export function drawGeometry(source: GeometrySource): DrawGeometry {
  const buffer = new BufferGeometry();
  buffer.setAttribute("position", new BufferAttribute(source.positions, 3));
  if (source.normals) buffer.setAttribute("normal", new BufferAttribute(source.normals, 3));
  if (source.colors) buffer.setAttribute("color", new BufferAttribute(source.colors, 4));
  source.texcoords.slice(0, MAX_CHANNELS).forEach((values, channel) => {
    buffer.setAttribute(channel === 0 ? "uv" : `uv${channel}`, new BufferAttribute(values, 2));
  });
  buffer.setIndex(new BufferAttribute(joinIndices(source), 1));
  addGroups(buffer, source);
  return {
    buffer,
    slots: source.primitives.map((primitive) => primitive.slot),
    triangles: (buffer.index?.count ?? 0) / 3,
    bytes: bytesOf(buffer),
    hasNormals: source.normals !== undefined,
    hasColors: source.colors !== undefined,
  };
}

/** All primitives' indices behind one another, 16 bits each where that suffices. */
function joinIndices(source: GeometrySource): Uint16Array | Uint32Array {
  const count = source.primitives.reduce((sum, primitive) => sum + primitive.indices.length, 0);
  const indices = source.positions.length / 3 <= 65_535 ? new Uint16Array(count) : new Uint32Array(count);
  let at = 0;
  for (const primitive of source.primitives) {
    indices.set(primitive.indices, at);
    at += primitive.indices.length;
  }
  return indices;
}

function addGroups(buffer: BufferGeometry, source: GeometrySource): void {
  let at = 0;
  source.primitives.forEach((primitive, index) => {
    buffer.addGroup(at, primitive.indices.length, index);
    at += primitive.indices.length;
  });
}

function bytesOf(buffer: BufferGeometry): number {
  const attributes = Object.values(buffer.attributes) as BufferAttribute[];
  return [...attributes, buffer.index].reduce((sum, attribute) => sum + (attribute?.array.byteLength ?? 0), 0);
}
