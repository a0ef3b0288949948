/**
 * Decodes geometry blobs (docs/geometry.md): a GLB whose bufferViews may be compressed with EXT_meshopt_compression. The same
 * function runs in the worker (geometry-worker.ts), without one, and in Node.
 */

import { MeshoptDecoder } from "meshoptimizer/decoder";
import { InvalidGeometry } from "./errors";
import { type BufferView, type Glb, type GlbJson, readGlb } from "./glb";

export interface Primitive {
  /** Slot id. */
  readonly slot: string;
  /** Three vertices a triangle. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** Corners of each polygon, of which the next n − 2 triangles are the fan; absent where all are triangles. */
  readonly polygons?: Uint32Array<ArrayBuffer>;
}

export interface Geometry {
  /** (v, 3) metres in the mesh's local frame; `origin` is not added. */
  readonly positions: Float32Array<ArrayBuffer>;
  /** (v, 3) unit; absent: flat shading. */
  readonly normals?: Float32Array<ArrayBuffer>;
  /** (v, 2) each, v down. */
  readonly texcoords: readonly Float32Array<ArrayBuffer>[];
  /** (v, 4) linear. */
  readonly colors?: Float32Array<ArrayBuffer>;
  /** (v,) the position id of each vertex. */
  readonly positionIds: Uint32Array<ArrayBuffer>;
  readonly primitives: readonly Primitive[];
  /** Positions are multiples of 2^grid. */
  readonly grid: number;
  readonly origin: readonly [number, number, number];
  /** Bounds of `positions`. */
  readonly min: readonly [number, number, number];
  readonly max: readonly [number, number, number];
  /** How many position ids the base has. */
  readonly positionCount: number;
}

const COMPONENTS: Readonly<Record<string, number>> = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };
const BYTES: Readonly<Record<number, number>> = { 5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4 };
/** Guards against a header that asks for more than any blob of ours holds. */
const MAX_ELEMENTS = 400_000_000;

/** Throws InvalidGeometry where the bytes are no geometry blob. */
export async function decodeGeometry(bytes: Uint8Array): Promise<Geometry> {
  await MeshoptDecoder.ready;
  try {
    return new GeometryReader(readGlb(bytes)).read();
  } catch (error) {
    if (error instanceof InvalidGeometry) throw error;
    // The decoder and typed arrays complain in words of their own.
    throw new InvalidGeometry("bad_geometry", `the blob cannot be decoded: ${error}`);
  }
}

/** All buffers of a geometry, for handing them over between threads. */
export function transferables(geometry: Geometry): ArrayBuffer[] {
  const { positions, normals, texcoords, colors, positionIds, primitives } = geometry;
  const faces = primitives.flatMap(({ indices, polygons }) => [indices, polygons]);
  const arrays = [positions, normals, ...texcoords, colors, positionIds, ...faces];
  return [...new Set(arrays.flatMap((array) => array?.buffer ?? []))];
}

class GeometryReader {
  readonly #json: GlbJson;
  readonly #bin: Uint8Array;
  readonly #views = new Map<number, Uint8Array<ArrayBuffer>>();

  constructor(glb: Glb) {
    this.#json = glb.json;
    this.#bin = glb.bin;
  }

  read(): Geometry {
    const mesh = this.#json.meshes?.[0];
    const first = mesh?.primitives[0];
    const about = this.#json.asset.extras?.maquette;
    if (mesh === undefined || first === undefined || about === undefined)
      throw new InvalidGeometry("no_mesh", "a GLB without mesh or asset.extras.maquette", "a geometry blob");
    const { attributes } = first;
    const positions = this.#floats(required(attributes, "POSITION"), 3);
    const vertices = positions.length / 3;
    const normals = attributes.NORMAL === undefined ? undefined : this.#floats(attributes.NORMAL, 3, 4);
    const colors = attributes.COLOR_0 === undefined ? undefined : this.#floats(attributes.COLOR_0, 4);
    const bounds = this.#json.accessors?.[required(attributes, "POSITION")];
    return {
      positions,
      ...(normals === undefined ? {} : { normals }),
      texcoords: this.#texcoords(attributes),
      ...(colors === undefined ? {} : { colors }),
      positionIds: this.#positionIds(required(attributes, "_POSITION_ID")),
      primitives: mesh.primitives.map((primitive) => this.#primitive(primitive, vertices)),
      grid: about.grid,
      origin: about.origin,
      min: vec3(bounds?.min, "min"),
      max: vec3(bounds?.max, "max"),
      positionCount: about.positions,
    };
  }

  #texcoords(attributes: Readonly<Record<string, number>>): Float32Array<ArrayBuffer>[] {
    const sets: Float32Array<ArrayBuffer>[] = [];
    for (let i = 0; attributes[`TEXCOORD_${i}`] !== undefined; i++)
      sets.push(this.#floats(attributes[`TEXCOORD_${i}`] as number, 2));
    return sets;
  }

  #primitive(primitive: NonNullable<GlbJson["meshes"]>[number]["primitives"][number], vertices: number): Primitive {
    const slot = primitive.extras?.slot;
    if (typeof slot !== "string" || primitive.indices === undefined)
      throw new InvalidGeometry("bad_primitive", "a primitive without slot or indices");
    const indices = this.#uints(primitive.indices);
    for (const index of indices) {
      if (index >= vertices) throw new InvalidGeometry("bad_index", `index ${index} of ${vertices} vertices`);
    }
    const polygons = primitive.extras?.polygons;
    if (typeof polygons !== "number") return { slot, indices };
    const view = this.#view(polygons);
    return { slot, indices, polygons: new Uint32Array(view.buffer, 0, view.byteLength >> 2) };
  }

  #uints(accessor: number): Uint32Array<ArrayBuffer> {
    const { bytes, count, componentType } = this.#elements(accessor, 1);
    if (componentType === 5125) return new Uint32Array(bytes.buffer, 0, count);
    if (componentType === 5123) return Uint32Array.from(new Uint16Array(bytes.buffer, 0, count));
    throw new InvalidGeometry("bad_accessor", `component type ${componentType}`, "unsigned integers");
  }

  /** (low, high) pairs of 16 bits, in little endian a 32-bit number each. */
  #positionIds(accessor: number): Uint32Array<ArrayBuffer> {
    const { bytes, count, componentType } = this.#elements(accessor, 2);
    if (componentType !== 5123) throw new InvalidGeometry("bad_accessor", "position ids are two unsigned shorts");
    return new Uint32Array(bytes.buffer, 0, count);
  }

  /** Floats as they are; normalised bytes and shorts scaled; a fourth component that only pads is dropped. */
  #floats(accessor: number, components: number, stored = components): Float32Array<ArrayBuffer> {
    const { bytes, count, componentType, normalized, stride } = this.#elements(accessor, components, stored);
    if (componentType === 5126 && stride === components * 4)
      return new Float32Array(bytes.buffer, 0, count * components);
    const source = numbersOf(componentType, bytes);
    const step = stride / source.BYTES_PER_ELEMENT;
    const scale = normalized ? 1 / ({ 5120: 127, 5121: 255, 5122: 32767, 5123: 65535 }[componentType] ?? 1) : 1;
    const floats = new Float32Array(count * components);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < components; c++)
        floats[i * components + c] = Math.max(-1, (source[i * step + c] as number) * scale);
    }
    return floats;
  }

  /** An accessor's bytes from the start of an array of their own. */
  #elements(index: number, ...allowed: number[]) {
    const accessor = this.#json.accessors?.[index];
    const size = BYTES[accessor?.componentType ?? 0];
    const components = COMPONENTS[accessor?.type ?? ""];
    if (accessor?.bufferView === undefined || size === undefined || components === undefined)
      throw new InvalidGeometry("bad_accessor", `accessor ${index} is missing or of an unknown kind`);
    const { count, componentType, normalized = false, byteOffset = 0 } = accessor;
    if (!allowed.includes(components) || !Number.isInteger(count) || count < 0 || count > MAX_ELEMENTS)
      throw new InvalidGeometry("bad_accessor", `accessor ${index}: ${count} × ${accessor.type}`);
    const stride = this.#json.bufferViews?.[accessor.bufferView]?.byteStride ?? size * components;
    const view = this.#view(accessor.bufferView);
    if (count > 0 && byteOffset + (count - 1) * stride + size * components > view.byteLength)
      throw new InvalidGeometry("out_of_range", `accessor ${index} reaches past its ${view.byteLength} bytes`);
    const bytes = byteOffset === 0 ? view : view.slice(byteOffset);
    return { bytes, count, componentType, normalized, stride };
  }

  /** A bufferView's bytes, decompressed, in a buffer of their own. */
  #view(index: number): Uint8Array<ArrayBuffer> {
    const known = this.#views.get(index);
    if (known !== undefined) return known;
    const view = this.#json.bufferViews?.[index];
    if (view === undefined) throw new InvalidGeometry("out_of_range", `there is no bufferView ${index}`);
    const compressed = view.extensions?.EXT_meshopt_compression;
    const bytes = compressed === undefined ? new Uint8Array(this.#slice(view)) : this.#decompress(compressed);
    this.#views.set(index, bytes);
    return bytes;
  }

  #decompress(view: NonNullable<NonNullable<BufferView["extensions"]>["EXT_meshopt_compression"]>) {
    const { count, byteStride, mode, filter = "NONE" } = view;
    if (!(count >= 0 && byteStride > 0 && byteStride <= 256 && count <= MAX_ELEMENTS))
      throw new InvalidGeometry("bad_view", `${count} elements of ${byteStride} bytes`);
    const target = new Uint8Array(count * byteStride);
    MeshoptDecoder.decodeGltfBuffer(target, count, byteStride, this.#slice(view), mode, filter);
    return target;
  }

  #slice({ byteOffset = 0, byteLength }: { readonly byteOffset?: number; readonly byteLength: number }): Uint8Array {
    if (!(byteOffset >= 0 && byteLength >= 0 && byteOffset + byteLength <= this.#bin.length))
      throw new InvalidGeometry(
        "out_of_range",
        `bytes ${byteOffset} to ${byteOffset + byteLength} of ${this.#bin.length}`,
      );
    return this.#bin.subarray(byteOffset, byteOffset + byteLength);
  }
}

function numbersOf(componentType: number, { buffer }: Uint8Array<ArrayBuffer>) {
  switch (componentType) {
    case 5120:
      return new Int8Array(buffer);
    case 5121:
      return new Uint8Array(buffer);
    case 5122:
      return new Int16Array(buffer, 0, buffer.byteLength >> 1);
    case 5123:
      return new Uint16Array(buffer, 0, buffer.byteLength >> 1);
    default:
      return new Float32Array(buffer, 0, buffer.byteLength >> 2);
  }
}

function required(attributes: Readonly<Record<string, number>>, name: string): number {
  const accessor = attributes[name];
  if (accessor === undefined) throw new InvalidGeometry("no_attribute", `there is no ${name}`);
  return accessor;
}

function vec3(value: readonly number[] | undefined, what: string): readonly [number, number, number] {
  if (value?.length !== 3 || !value.every(Number.isFinite))
    throw new InvalidGeometry("no_bounds", `POSITION has no ${what}`);
  return value as unknown as readonly [number, number, number];
}
