// Generated from crdt/schema.py by `python -m crdt.typescript`: change that file, not this one.

export const SCHEMA_VERSION = 1 as const;
export const ROOT = "root" as const;
export const MAX_NAME = 256 as const;
export const MAX_COUNTER = 2147483648 as const;
export const MAX_LEVELS = 8 as const;
export const SCENE_ROOTS = ["meta", "nodes", "meshes", "revisions", "strokes", "materials", "textures", "lights", "cameras", "lod"] as const;
export const SESSION_ROOTS = ["meta", "jobs", "chat", "comments", "proposals"] as const;

export type Vec2 = readonly [number, number];
export type Vec3 = readonly [number, number, number];
export type Quaternion = readonly [number, number, number, number];
export type Edge = readonly [number, string];
export type AlphaMode = "OPAQUE" | "MASK" | "BLEND";
export type Wrap = "REPEAT" | "MIRRORED_REPEAT" | "CLAMP_TO_EDGE";
export type MagFilter = "NEAREST" | "LINEAR";
export type MinFilter = "NEAREST" | "LINEAR" | "NEAREST_MIPMAP_NEAREST" | "LINEAR_MIPMAP_NEAREST" | "NEAREST_MIPMAP_LINEAR" | "LINEAR_MIPMAP_LINEAR";
export type JobState = "queued" | "running" | "awaiting_input" | "succeeded" | "failed" | "cancelled";

export interface Trashed {
  readonly by: string;
  readonly at: number;
}

export interface Source {
  readonly blob: string;
  readonly index?: number | null;
}

export interface LodLevel {
  readonly ratio?: number | null;
  readonly triangles?: number | null;
  readonly error?: number;
  readonly coverage?: number;
}

export interface TextureTransform {
  readonly offset?: Vec2;
  readonly rotation?: number;
  readonly scale?: Vec2;
  readonly texCoord?: number | null;
}

export interface TextureInfo {
  readonly texture: string;
  readonly texCoord?: number;
  readonly transform?: TextureTransform | null;
  readonly extras?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface NormalTextureInfo {
  readonly texture: string;
  readonly texCoord?: number;
  readonly transform?: TextureTransform | null;
  readonly extras?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly scale?: number;
}

export interface OcclusionTextureInfo {
  readonly texture: string;
  readonly texCoord?: number;
  readonly transform?: TextureTransform | null;
  readonly extras?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly strength?: number;
}

export interface JobError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly kind?: "person" | "peer" | "assistant";
}

export interface PresenceCamera {
  readonly position: Vec3;
  readonly target: Vec3;
}

export interface PresenceJob {
  readonly progress: number;
  readonly message?: string;
}

export interface Presence {
  readonly user: User;
  readonly selection?: readonly string[];
  readonly camera?: PresenceCamera | null;
  readonly pointer?: Vec3 | null;
  readonly tool?: string;
  readonly jobs?: Readonly<Record<string, PresenceJob>>;
}

export interface Node {
  readonly name: string;
  readonly parents: Readonly<Record<string, Edge>>;
  readonly translation: Vec3;
  readonly rotation: Quaternion;
  readonly scale: Vec3;
  readonly visible: boolean;
  readonly locked: boolean;
  readonly trashed: Trashed | null;
  readonly mesh: string | null;
  readonly camera: string | null;
  readonly light: string | null;
  readonly materials: Readonly<Record<string, string | null>>;
  readonly source: Source | null;
  readonly extras: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Mesh {
  readonly name: string;
  readonly head: string | null;
  readonly slots: Readonly<Record<string, string | null>>;
  readonly lod: Readonly<Record<string, unknown>>;
  readonly trashed: Trashed | null;
  readonly source: Source | null;
  readonly extras: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Material {
  readonly name: string;
  readonly baseColorFactor: readonly [number, number, number, number];
  readonly metallicFactor: number;
  readonly roughnessFactor: number;
  readonly emissiveFactor: readonly [number, number, number];
  readonly emissiveStrength: number;
  readonly alphaMode: AlphaMode;
  readonly alphaCutoff: number;
  readonly doubleSided: boolean;
  readonly baseColorTexture: TextureInfo | null;
  readonly metallicRoughnessTexture: TextureInfo | null;
  readonly normalTexture: NormalTextureInfo | null;
  readonly occlusionTexture: OcclusionTextureInfo | null;
  readonly emissiveTexture: TextureInfo | null;
  readonly trashed: Trashed | null;
  readonly extras: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Texture {
  readonly name: string;
  readonly image: string | null;
  readonly mimeType: "image/png" | "image/jpeg" | "image/webp";
  readonly width: number;
  readonly height: number;
  readonly wrapS: Wrap;
  readonly wrapT: Wrap;
  readonly magFilter: MagFilter | null;
  readonly minFilter: MinFilter | null;
  readonly trashed: Trashed | null;
  readonly extras: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Light {
  readonly name: string;
  readonly type: "directional" | "point" | "spot";
  readonly color: readonly [number, number, number];
  readonly intensity: number;
  readonly range: number | null;
  readonly innerConeAngle: number;
  readonly outerConeAngle: number;
  readonly trashed: Trashed | null;
  readonly extras: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Camera {
  readonly name: string;
  readonly type: "perspective" | "orthographic";
  readonly yfov: number;
  readonly aspectRatio: number | null;
  readonly znear: number;
  readonly zfar: number | null;
  readonly xmag: number;
  readonly ymag: number;
  readonly trashed: Trashed | null;
  readonly extras: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface Job {
  readonly op: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly at: number;
  readonly state: JobState;
  readonly attempts: number;
  readonly worker: string;
  readonly started: number | null;
  readonly finished: number | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: JobError | null;
}

export interface LodSettings {
  readonly auto: boolean;
  readonly lockBorders: boolean;
  readonly normalWeight: number;
  readonly uvWeight: number;
  readonly colorWeight: number;
}

export interface Revision {
  readonly mesh: string;
  readonly geometry: string;
  readonly grid: number;
  readonly origin: Vec3;
  readonly topology: string;
  readonly parent: string | null;
  readonly op: string;
  readonly absorbed: string | null;
  readonly slots: readonly string[];
  readonly positions: number;
  readonly vertices: number;
  readonly triangles: number;
  readonly min: Vec3;
  readonly max: Vec3;
  readonly bytes: number;
  readonly by: string;
  readonly at: number;
}

export interface LodResult {
  readonly geometry: string;
  readonly triangles: number;
  readonly vertices: number;
  readonly error: number;
  readonly state: string;
  readonly bytes: number;
}

export interface ChatLine {
  readonly by: string;
  readonly name: string;
  readonly at: number;
  readonly text: string;
}

export interface Meta {
  readonly schema: number;
  readonly generation: number;
}

/** What a missing or ill-typed key reads as; keys without a default are absent. */
export const DEFAULTS = {
  "nodes": {"name": "", "parents": {}, "translation": [0, 0, 0], "rotation": [0, 0, 0, 1], "scale": [1, 1, 1], "visible": true, "locked": false, "trashed": null, "mesh": null, "camera": null, "light": null, "materials": {}, "source": null, "extras": null, "extensions": {}},
  "meshes": {"name": "", "head": null, "slots": {}, "lod": {}, "trashed": null, "source": null, "extras": null, "extensions": {}},
  "materials": {"name": "", "baseColorFactor": [1, 1, 1, 1], "metallicFactor": 1, "roughnessFactor": 1, "emissiveFactor": [0, 0, 0], "emissiveStrength": 1, "alphaMode": "OPAQUE", "alphaCutoff": 0.5, "doubleSided": false, "baseColorTexture": null, "metallicRoughnessTexture": null, "normalTexture": null, "occlusionTexture": null, "emissiveTexture": null, "trashed": null, "extras": null, "extensions": {}},
  "textures": {"name": "", "image": null, "mimeType": "image/png", "width": 0, "height": 0, "wrapS": "REPEAT", "wrapT": "REPEAT", "magFilter": null, "minFilter": null, "trashed": null, "extras": null, "extensions": {}},
  "lights": {"name": "", "type": "point", "color": [1, 1, 1], "intensity": 1, "range": null, "innerConeAngle": 0, "outerConeAngle": 0.7853981633974483, "trashed": null, "extras": null, "extensions": {}},
  "cameras": {"name": "", "type": "perspective", "yfov": 0.8, "aspectRatio": null, "znear": 0.1, "zfar": null, "xmag": 1, "ymag": 1, "trashed": null, "extras": null, "extensions": {}},
  "jobs": {"op": "", "target": {}, "params": {}, "by": "", "at": 0, "state": "queued", "attempts": 0, "worker": "", "started": null, "finished": null, "result": null, "error": null},
  "lodSettings": {"auto": true, "lockBorders": false, "normalWeight": 0.5, "uvWeight": 1, "colorWeight": 0.5},
  "revisions": {"origin": [0, 0, 0], "parent": null, "absorbed": null, "by": "", "at": 0},
  "lod": {},
  "chat": {},
  "meta": {"schema": 1, "generation": 0},
} as const;

export const DEFAULT_LEVELS = {
  "1": {"ratio": 0.5, "triangles": null, "error": 1, "coverage": 0.5},
  "2": {"ratio": 0.25, "triangles": null, "error": 1, "coverage": 0.25},
  "3": {"ratio": 0.1, "triangles": null, "error": 1, "coverage": 0.12},
  "4": {"ratio": 0.03, "triangles": null, "error": 1, "coverage": 0.05},
  "5": {"ratio": 0.01, "triangles": null, "error": 1, "coverage": 0.02},
} as const;

/** Keys that are nested maps, by root. */
export const CONTAINERS = {
  "nodes": ["materials", "parents"],
  "meshes": ["lod", "slots"],
  "materials": [],
  "textures": [],
  "lights": [],
  "cameras": [],
  "jobs": [],
} as const;

/** State of a job → what it may become. */
export const TRANSITIONS = {
  "queued": ["cancelled", "failed", "running"],
  "running": ["awaiting_input", "cancelled", "failed", "queued", "succeeded"],
  "awaiting_input": ["cancelled", "failed", "queued"],
  "succeeded": [],
  "failed": [],
  "cancelled": [],
} as const;

/**
 * A subset of JSON Schema. Lengths of strings are in code points, `integer` is a whole number, `unit` asks
 * for a vector of length 1 ± 0.001, `{}` is any JSON value. Properties that are not listed are refused
 * where `additionalProperties` is false.
 */
export interface Check {
  readonly type?: "string" | "number" | "integer" | "boolean" | "array" | "object" | "null";
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Check[];
  readonly items?: Check;
  readonly prefixItems?: readonly Check[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly unit?: boolean;
  readonly properties?: Readonly<Record<string, Check>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** Root → key → check, for records (and `lodSettings`, `meta`). */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  "nodes": {
    "name": {"maxLength": 256, "pattern": "^[^\\x00-\\x1f\\x7f]*$", "type": "string"},
    "translation": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"type": "number"}},
    "rotation": {"maxItems": 4, "minItems": 4, "type": "array", "items": {"type": "number"}, "unit": true},
    "scale": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"type": "number"}},
    "visible": {"type": "boolean"},
    "locked": {"type": "boolean"},
    "trashed": {"anyOf": [{"additionalProperties": false, "properties": {"by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["by", "at"], "type": "object"}, {"type": "null"}]},
    "mesh": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]},
    "camera": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]},
    "light": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]},
    "source": {"anyOf": [{"additionalProperties": false, "properties": {"blob": {"pattern": "^[0-9a-f]{64}$", "type": "string"}, "index": {"anyOf": [{"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "required": ["blob"], "type": "object"}, {"type": "null"}]},
    "extras": {},
    "extensions": {"additionalProperties": true, "type": "object"},
  },
  "meshes": {
    "name": {"maxLength": 256, "pattern": "^[^\\x00-\\x1f\\x7f]*$", "type": "string"},
    "head": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]},
    "trashed": {"anyOf": [{"additionalProperties": false, "properties": {"by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["by", "at"], "type": "object"}, {"type": "null"}]},
    "source": {"anyOf": [{"additionalProperties": false, "properties": {"blob": {"pattern": "^[0-9a-f]{64}$", "type": "string"}, "index": {"anyOf": [{"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "required": ["blob"], "type": "object"}, {"type": "null"}]},
    "extras": {},
    "extensions": {"additionalProperties": true, "type": "object"},
  },
  "materials": {
    "name": {"maxLength": 256, "pattern": "^[^\\x00-\\x1f\\x7f]*$", "type": "string"},
    "baseColorFactor": {"maxItems": 4, "minItems": 4, "type": "array", "items": {"maximum": 1, "minimum": 0, "type": "number"}},
    "metallicFactor": {"maximum": 1, "minimum": 0, "type": "number"},
    "roughnessFactor": {"maximum": 1, "minimum": 0, "type": "number"},
    "emissiveFactor": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"maximum": 1, "minimum": 0, "type": "number"}},
    "emissiveStrength": {"minimum": 0, "type": "number"},
    "alphaMode": {"enum": ["OPAQUE", "MASK", "BLEND"], "type": "string"},
    "alphaCutoff": {"minimum": 0, "type": "number"},
    "doubleSided": {"type": "boolean"},
    "baseColorTexture": {"anyOf": [{"additionalProperties": false, "properties": {"texture": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "texCoord": {"maximum": 7, "minimum": 0, "type": "integer"}, "transform": {"anyOf": [{"additionalProperties": false, "properties": {"offset": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "rotation": {"type": "number"}, "scale": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "texCoord": {"anyOf": [{"maximum": 7, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "type": "object"}, {"type": "null"}]}, "extras": {}, "extensions": {"additionalProperties": true, "type": "object"}}, "required": ["texture"], "type": "object"}, {"type": "null"}]},
    "metallicRoughnessTexture": {"anyOf": [{"additionalProperties": false, "properties": {"texture": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "texCoord": {"maximum": 7, "minimum": 0, "type": "integer"}, "transform": {"anyOf": [{"additionalProperties": false, "properties": {"offset": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "rotation": {"type": "number"}, "scale": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "texCoord": {"anyOf": [{"maximum": 7, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "type": "object"}, {"type": "null"}]}, "extras": {}, "extensions": {"additionalProperties": true, "type": "object"}}, "required": ["texture"], "type": "object"}, {"type": "null"}]},
    "normalTexture": {"anyOf": [{"additionalProperties": false, "properties": {"texture": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "texCoord": {"maximum": 7, "minimum": 0, "type": "integer"}, "transform": {"anyOf": [{"additionalProperties": false, "properties": {"offset": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "rotation": {"type": "number"}, "scale": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "texCoord": {"anyOf": [{"maximum": 7, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "type": "object"}, {"type": "null"}]}, "extras": {}, "extensions": {"additionalProperties": true, "type": "object"}, "scale": {"type": "number"}}, "required": ["texture"], "type": "object"}, {"type": "null"}]},
    "occlusionTexture": {"anyOf": [{"additionalProperties": false, "properties": {"texture": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "texCoord": {"maximum": 7, "minimum": 0, "type": "integer"}, "transform": {"anyOf": [{"additionalProperties": false, "properties": {"offset": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "rotation": {"type": "number"}, "scale": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "texCoord": {"anyOf": [{"maximum": 7, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "type": "object"}, {"type": "null"}]}, "extras": {}, "extensions": {"additionalProperties": true, "type": "object"}, "strength": {"maximum": 1, "minimum": 0, "type": "number"}}, "required": ["texture"], "type": "object"}, {"type": "null"}]},
    "emissiveTexture": {"anyOf": [{"additionalProperties": false, "properties": {"texture": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "texCoord": {"maximum": 7, "minimum": 0, "type": "integer"}, "transform": {"anyOf": [{"additionalProperties": false, "properties": {"offset": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "rotation": {"type": "number"}, "scale": {"maxItems": 2, "minItems": 2, "type": "array", "items": {"type": "number"}}, "texCoord": {"anyOf": [{"maximum": 7, "minimum": 0, "type": "integer"}, {"type": "null"}]}}, "type": "object"}, {"type": "null"}]}, "extras": {}, "extensions": {"additionalProperties": true, "type": "object"}}, "required": ["texture"], "type": "object"}, {"type": "null"}]},
    "trashed": {"anyOf": [{"additionalProperties": false, "properties": {"by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["by", "at"], "type": "object"}, {"type": "null"}]},
    "extras": {},
    "extensions": {"additionalProperties": true, "type": "object"},
  },
  "textures": {
    "name": {"maxLength": 256, "pattern": "^[^\\x00-\\x1f\\x7f]*$", "type": "string"},
    "image": {"anyOf": [{"pattern": "^[0-9a-f]{64}$", "type": "string"}, {"type": "null"}]},
    "mimeType": {"enum": ["image/png", "image/jpeg", "image/webp"], "type": "string"},
    "width": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"},
    "height": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"},
    "wrapS": {"enum": ["REPEAT", "MIRRORED_REPEAT", "CLAMP_TO_EDGE"], "type": "string"},
    "wrapT": {"enum": ["REPEAT", "MIRRORED_REPEAT", "CLAMP_TO_EDGE"], "type": "string"},
    "magFilter": {"anyOf": [{"enum": ["NEAREST", "LINEAR"], "type": "string"}, {"type": "null"}]},
    "minFilter": {"anyOf": [{"enum": ["NEAREST", "LINEAR", "NEAREST_MIPMAP_NEAREST", "LINEAR_MIPMAP_NEAREST", "NEAREST_MIPMAP_LINEAR", "LINEAR_MIPMAP_LINEAR"], "type": "string"}, {"type": "null"}]},
    "trashed": {"anyOf": [{"additionalProperties": false, "properties": {"by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["by", "at"], "type": "object"}, {"type": "null"}]},
    "extras": {},
    "extensions": {"additionalProperties": true, "type": "object"},
  },
  "lights": {
    "name": {"maxLength": 256, "pattern": "^[^\\x00-\\x1f\\x7f]*$", "type": "string"},
    "type": {"enum": ["directional", "point", "spot"], "type": "string"},
    "color": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"maximum": 1, "minimum": 0, "type": "number"}},
    "intensity": {"minimum": 0, "type": "number"},
    "range": {"anyOf": [{"exclusiveMinimum": 0, "type": "number"}, {"type": "null"}]},
    "innerConeAngle": {"minimum": 0, "type": "number"},
    "outerConeAngle": {"minimum": 0, "type": "number"},
    "trashed": {"anyOf": [{"additionalProperties": false, "properties": {"by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["by", "at"], "type": "object"}, {"type": "null"}]},
    "extras": {},
    "extensions": {"additionalProperties": true, "type": "object"},
  },
  "cameras": {
    "name": {"maxLength": 256, "pattern": "^[^\\x00-\\x1f\\x7f]*$", "type": "string"},
    "type": {"enum": ["perspective", "orthographic"], "type": "string"},
    "yfov": {"exclusiveMinimum": 0, "type": "number"},
    "aspectRatio": {"anyOf": [{"exclusiveMinimum": 0, "type": "number"}, {"type": "null"}]},
    "znear": {"minimum": 0, "type": "number"},
    "zfar": {"anyOf": [{"exclusiveMinimum": 0, "type": "number"}, {"type": "null"}]},
    "xmag": {"type": "number"},
    "ymag": {"type": "number"},
    "trashed": {"anyOf": [{"additionalProperties": false, "properties": {"by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["by", "at"], "type": "object"}, {"type": "null"}]},
    "extras": {},
    "extensions": {"additionalProperties": true, "type": "object"},
  },
  "jobs": {
    "op": {"type": "string"},
    "target": {"additionalProperties": true, "type": "object"},
    "params": {"additionalProperties": true, "type": "object"},
    "by": {"type": "string"},
    "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"},
    "state": {"enum": ["queued", "running", "awaiting_input", "succeeded", "failed", "cancelled"], "type": "string"},
    "attempts": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"},
    "worker": {"type": "string"},
    "started": {"anyOf": [{"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, {"type": "null"}]},
    "finished": {"anyOf": [{"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, {"type": "null"}]},
    "result": {"anyOf": [{"additionalProperties": true, "type": "object"}, {"type": "null"}]},
    "error": {"anyOf": [{"additionalProperties": false, "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "hint": {"type": "string"}}, "required": ["code", "message"], "type": "object"}, {"type": "null"}]},
  },
  "lodSettings": {
    "auto": {"type": "boolean"},
    "lockBorders": {"type": "boolean"},
    "normalWeight": {"maximum": 10, "minimum": 0, "type": "number"},
    "uvWeight": {"maximum": 10, "minimum": 0, "type": "number"},
    "colorWeight": {"maximum": 10, "minimum": 0, "type": "number"},
  },
  "meta": {
    "schema": {"type": "integer"},
    "generation": {"type": "integer"},
  },
};

/** The checks of whole atomic values. */
export const VALUE_CHECKS: Readonly<Record<string, Check>> = {
  "revisions": {"additionalProperties": false, "properties": {"mesh": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "geometry": {"pattern": "^[0-9a-f]{64}$", "type": "string"}, "grid": {"maximum": 40, "minimum": -60, "type": "integer"}, "origin": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"type": "number"}}, "topology": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "parent": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]}, "op": {"type": "string"}, "absorbed": {"anyOf": [{"pattern": "^[0-9a-f]{64}$", "type": "string"}, {"type": "null"}]}, "slots": {"items": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "type": "array"}, "positions": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "vertices": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "triangles": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "min": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"type": "number"}}, "max": {"maxItems": 3, "minItems": 3, "type": "array", "items": {"type": "number"}}, "bytes": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "by": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["mesh", "geometry", "grid", "topology", "op", "slots", "positions", "vertices", "triangles", "min", "max", "bytes"], "type": "object"},
  "lod": {"additionalProperties": false, "properties": {"geometry": {"pattern": "^[0-9a-f]{64}$", "type": "string"}, "triangles": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "vertices": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "error": {"minimum": 0, "type": "number"}, "state": {"type": "string"}, "bytes": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}}, "required": ["geometry", "triangles", "vertices", "error", "state", "bytes"], "type": "object"},
  "chat": {"additionalProperties": false, "properties": {"by": {"type": "string"}, "name": {"type": "string"}, "at": {"maximum": 9007199254740991, "minimum": 0, "type": "integer"}, "text": {"maxLength": 4000, "minLength": 1, "type": "string"}}, "required": ["by", "name", "at", "text"], "type": "object"},
};

/** Root → container → entries; `meshes.lod` has `FIELDS.lodSettings`, and `LEVEL_CHECK` under 1 to 8. */
export const ENTRIES: Readonly<Record<string, Readonly<Record<string, { readonly key: Check; readonly value: Check }>>>> = {
  "nodes": {
    "materials": {"key": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "value": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]}},
    "parents": {"key": {"pattern": "^(root|[A-Za-z0-9_-]{16})$", "type": "string"}, "value": {"maxItems": 2, "minItems": 2, "prefixItems": [{"maximum": 2147483648, "minimum": 0, "type": "integer"}, {"pattern": "^[0-9A-Za-z]{1,512}$", "type": "string"}], "type": "array"}},
  },
  "meshes": {
    "slots": {"key": {"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, "value": {"anyOf": [{"pattern": "^[A-Za-z0-9_-]{16}$", "type": "string"}, {"type": "null"}]}},
  },
};

export const LEVEL_CHECK: Check = {
  "anyOf": [{"additionalProperties": false, "properties": {"ratio": {"anyOf": [{"exclusiveMinimum": 0, "maximum": 1, "type": "number"}, {"type": "null"}]}, "triangles": {"anyOf": [{"minimum": 1, "type": "integer"}, {"type": "null"}]}, "error": {"maximum": 1, "minimum": 0, "type": "number"}, "coverage": {"maximum": 1, "minimum": 0, "type": "number"}}, "type": "object"}, {"type": "null"}],
};
