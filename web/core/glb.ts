/** The container of geometry blobs: GLB 2.0, one JSON chunk and one BIN chunk. */

import { InvalidGeometry } from "./errors";

export interface BufferView {
  readonly byteOffset?: number;
  readonly byteLength: number;
  readonly byteStride?: number;
  readonly extensions?: {
    readonly EXT_meshopt_compression?: {
      readonly byteOffset?: number;
      readonly byteLength: number;
      readonly byteStride: number;
      readonly count: number;
      readonly mode: string;
      readonly filter?: string;
    };
  };
}

/** What geometry.ts reads of the JSON chunk. */
export interface GlbJson {
  readonly asset: {
    readonly extras?: {
      readonly maquette?: {
        readonly grid: number;
        readonly origin: readonly [number, number, number];
        readonly positions: number;
        readonly topology: string;
      };
    };
  };
  readonly meshes?: readonly {
    readonly primitives: readonly {
      readonly attributes: Readonly<Record<string, number>>;
      readonly indices?: number;
      readonly extras?: { readonly slot?: unknown; readonly polygons?: unknown };
    }[];
  }[];
  readonly accessors?: readonly {
    readonly bufferView?: number;
    readonly byteOffset?: number;
    readonly componentType: number;
    readonly normalized?: boolean;
    readonly count: number;
    readonly type: string;
    readonly min?: readonly number[];
    readonly max?: readonly number[];
  }[];
  readonly bufferViews?: readonly BufferView[];
}

export interface Glb {
  readonly json: GlbJson;
  readonly bin: Uint8Array;
}

const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BIN_CHUNK = 0x004e4942;

export function readGlb(bytes: Uint8Array): Glb {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || header.getUint32(0, true) !== MAGIC || header.getUint32(4, true) !== 2)
    throw new InvalidGeometry("no_glb", `${bytes.length} bytes that are no GLB 2.0`);
  const json = chunk(bytes, header, 12, JSON_CHUNK);
  const next = 20 + json.length;
  const bin = next + 8 <= bytes.length ? chunk(bytes, header, next, BIN_CHUNK) : new Uint8Array();
  return { json: JSON.parse(new TextDecoder().decode(json)) as GlbJson, bin };
}

function chunk(bytes: Uint8Array, header: DataView, at: number, kind: number): Uint8Array {
  const length = header.getUint32(at, true);
  if (header.getUint32(at + 4, true) !== kind || at + 8 + length > bytes.length)
    throw new InvalidGeometry("cut_short", `a chunk of ${length} bytes at ${at} of ${bytes.length}`);
  return bytes.subarray(at + 8, at + 8 + length);
}
