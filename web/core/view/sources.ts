/**
 * What the view needs of the core, as shapes. `SceneStore` of `@core/store`, `Blobs` of `@core/blobs` and `Geometry` of
 * `@core/geometry` satisfy them; AR and tests may bring others.
 */
import type { Quat, Vec3 } from "./types";

export interface NodeSource {
  readonly id: string;
  readonly name: string;
  readonly parent: string;
  readonly children: readonly string[];
  readonly translation: Vec3;
  readonly rotation: Quat;
  readonly scale: Vec3;
  readonly visible: boolean;
  readonly locked: boolean;
  /** By itself or by an ancestor. */
  readonly hidden: boolean;
  readonly mesh: string | null;
  readonly camera: string | null;
  readonly light: string | null;
  /** Slot id → material id: overrides of the mesh's slots. */
  readonly materials: Readonly<Record<string, string | null>>;
}

/** A revision's entry as far as it is drawn; bounds in the mesh's local frame, origin included. */
export interface RevisionSource {
  readonly geometry: string;
  readonly origin: Vec3;
  readonly triangles: number;
  readonly bytes: number;
  readonly min: Vec3;
  readonly max: Vec3;
}

export interface MeshSource {
  readonly slots: Readonly<Record<string, string | null>>;
  readonly head: string | null;
  readonly revision: RevisionSource | undefined;
}

export interface LevelSetting {
  readonly coverage: number;
}

export interface LevelResult {
  readonly geometry: string;
  readonly triangles: number;
  readonly bytes: number;
}

/** Settings by level (null: no such level) and the results that belong to the mesh's head revision. */
export interface LodSource {
  readonly levels: ReadonlyMap<number, LevelSetting>;
  readonly results: ReadonlyMap<number, LevelResult>;
}

export interface TextureUse {
  readonly texture: string;
  readonly texCoord?: number;
  readonly transform?: {
    readonly offset?: readonly [number, number];
    readonly rotation?: number;
    readonly scale?: readonly [number, number];
    readonly texCoord?: number | null;
  } | null;
  /** Normal textures. */
  readonly scale?: number;
  /** Occlusion textures. */
  readonly strength?: number;
}

export interface MaterialSource {
  readonly baseColorFactor: readonly [number, number, number, number];
  readonly metallicFactor: number;
  readonly roughnessFactor: number;
  readonly emissiveFactor: Vec3;
  readonly emissiveStrength: number;
  readonly alphaMode: "OPAQUE" | "MASK" | "BLEND";
  readonly alphaCutoff: number;
  readonly doubleSided: boolean;
  readonly baseColorTexture: TextureUse | null;
  readonly metallicRoughnessTexture: TextureUse | null;
  readonly normalTexture: TextureUse | null;
  readonly occlusionTexture: TextureUse | null;
  readonly emissiveTexture: TextureUse | null;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface TextureSource {
  readonly image: string | null;
  readonly mimeType: string;
  readonly wrapS: "REPEAT" | "MIRRORED_REPEAT" | "CLAMP_TO_EDGE";
  readonly wrapT: "REPEAT" | "MIRRORED_REPEAT" | "CLAMP_TO_EDGE";
  readonly magFilter: string | null;
  readonly minFilter: string | null;
}

export interface LightSource {
  readonly type: "directional" | "point" | "spot";
  readonly color: Vec3;
  readonly intensity: number;
  readonly range: number | null;
  readonly innerConeAngle: number;
  readonly outerConeAngle: number;
}

export interface CameraSource {
  readonly type: "perspective" | "orthographic";
  readonly yfov: number;
  readonly aspectRatio: number | null;
  readonly xmag: number;
  readonly ymag: number;
}

/** The scene as immutable snapshots; `changed` holds keys such as `nodes/{id}`, `materials/{id}`, `lod/{mesh}`. */
export interface SceneSource {
  readonly version: number;
  nodeIds(): Iterable<string>;
  node(id: string): NodeSource | undefined;
  mesh(id: string): MeshSource | undefined;
  lod(mesh: string): LodSource | undefined;
  material(id: string): MaterialSource | undefined;
  texture(id: string): TextureSource | undefined;
  light(id: string): LightSource | undefined;
  camera(id: string): CameraSource | undefined;
  subscribeAll(listener: (changed: ReadonlySet<string>) => void): () => void;
}

export interface BlobSource {
  get(sha256: string): Promise<Uint8Array>;
}

/** One decoded geometry blob (docs/geometry.md); positions do not include the revision's origin. */
export interface GeometrySource {
  readonly positions: Float32Array;
  readonly normals?: Float32Array | undefined;
  readonly texcoords: readonly Float32Array[];
  readonly colors?: Float32Array | undefined;
  readonly primitives: readonly { readonly slot: string; readonly indices: Uint32Array }[];
}

export interface GeometryDecoder {
  /** The bytes are shared with others and stay as they are. Greater priority goes first. */
  decode(bytes: Uint8Array, options: { readonly priority: number }): Promise<GeometrySource>;
  close(): void;
}
