/**
 * What a value of each field must look like, and what a missing or ill-typed one reads as (SPEC D6): the run-time side of
 * `schema.ts`, as pydantic is of `crdt/schema.py`.
 */

export interface Field {
  readonly accepts: (value: unknown) => boolean;
  readonly fallback: unknown;
  readonly expected: string;
  /** A nested Y.Map: what its entries must look like. */
  readonly entries?: Entries;
}

export interface Entries {
  readonly acceptsKey: (key: string) => boolean;
  readonly accepts: (key: string, value: unknown) => boolean;
  readonly expected: string;
}

export type Fields = Readonly<Record<string, Field>>;

type Test = (value: unknown) => boolean;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a name may not contain.
const NAME = /^[^\x00-\x1f\x7f\p{Surrogate}]{0,256}$/u;
const ID = /^[A-Za-z0-9_-]{16}$/;
const PARENT = /^(root|[A-Za-z0-9_-]{16})$/;
const SHA256 = /^[0-9a-f]{64}$/;
const ORDER = /^[0-9A-Za-z]{1,512}$/;
const MAX_COUNTER = 2 ** 31;
const MAX_DEPTH = 64;

const matches =
  (pattern: RegExp): Test =>
  (v) =>
    typeof v === "string" && pattern.test(v);
const within =
  (low: number, high: number): Test =>
  (v) =>
    typeof v === "number" && v >= low && v <= high;
const integer =
  (low: number, high: number): Test =>
  (v) =>
    Number.isInteger(v) && within(low, high)(v);
const optional =
  (test: Test): Test =>
  (v) =>
    v === null || v === undefined || test(v);
const tuple =
  (length: number, test: Test): Test =>
  (v) =>
    Array.isArray(v) && v.length === length && v.every(test);
const listOf =
  (test: Test): Test =>
  (v) =>
    Array.isArray(v) && v.every(test);
const oneOf =
  (...words: string[]): Test =>
  (v) =>
    typeof v === "string" && words.includes(v);

const HALF_CHARACTER = /\p{Surrogate}/u;
const isString: Test = (v) => typeof v === "string" && !HALF_CHARACTER.test(v);
const isBoolean: Test = (v) => typeof v === "boolean";
const isFiniteNumber: Test = (v) => Number.isFinite(v);
const isUnit = within(0, 1);
const isNonNegative = within(0, Number.MAX_VALUE);
const isPositive: Test = (v) => typeof v === "number" && v > 0 && v <= Number.MAX_VALUE;
const isCount = integer(0, Number.MAX_SAFE_INTEGER);
const isId = matches(ID);
const isSha = matches(SHA256);
const isObject = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && !Array.isArray(v) && !(v instanceof Uint8Array);
const isJsonObject: Test = (v) => isObject(v) && isJson(v);

/** A JSON value of bounded depth, with finite numbers and whole characters. */
export function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "string") return isString(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (depth >= MAX_DEPTH || typeof value !== "object") return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  return isObject(value) && Object.values(value).every((item) => isJson(item, depth + 1));
}

export function isEdge(value: unknown): value is readonly [number, string] {
  return Array.isArray(value) && value.length === 2 && isCounter(value[0]) && isOrderKey(value[1]);
}

export const isParentId = matches(PARENT);
export const isOrderKey = matches(ORDER);
const isCounter = integer(0, MAX_COUNTER);

const isQuaternion: Test = (v) =>
  tuple(4, isFiniteNumber)(v) && Math.abs(Math.hypot(...(v as [number, number, number, number])) - 1) <= 1e-3;

/** An object with no other keys than these; keys in `required` must be there. */
function shape(tests: Readonly<Record<string, Test>>, required: readonly string[] = []): Test {
  return (v) =>
    isObject(v) &&
    required.every((key) => key in v) &&
    Object.entries(v).every(([key, item]) => Object.hasOwn(tests, key) && (tests[key] as Test)(item));
}

const isTrashed = shape({ by: isString, at: isCount }, ["by", "at"]);
const isSource = shape({ blob: isSha, index: optional(isCount) }, ["blob"]);
const isTransform = shape({
  offset: tuple(2, isFiniteNumber),
  rotation: isFiniteNumber,
  scale: tuple(2, isFiniteNumber),
  texCoord: optional(integer(0, 7)),
});
const textureInfo = {
  texture: isId,
  texCoord: integer(0, 7),
  transform: optional(isTransform),
  extras: isJson,
  extensions: isJsonObject,
};
const isTextureInfo = shape(textureInfo, ["texture"]);
const isNormalTextureInfo = shape({ ...textureInfo, scale: isFiniteNumber }, ["texture"]);
const isOcclusionTextureInfo = shape({ ...textureInfo, strength: isUnit }, ["texture"]);

export const isLodLevel = shape({
  ratio: optional((v) => isUnit(v) && v !== 0),
  triangles: optional(integer(1, Number.MAX_SAFE_INTEGER)),
  error: isUnit,
  coverage: isUnit,
});

const LOD_SETTINGS: Readonly<Record<string, Test>> = {
  auto: isBoolean,
  lockBorders: isBoolean,
  normalWeight: within(0, 10),
  uvWeight: within(0, 10),
  colorWeight: within(0, 10),
};

function acceptsLodEntry(key: string, value: unknown): boolean {
  if (/^[1-8]$/.test(key)) return value === null || isLodLevel(value);
  return LOD_SETTINGS[key]?.(value) ?? isJson(value);
}

const field = (accepts: Test, fallback: unknown, expected: string): Field => ({ accepts, fallback, expected });
const container = (entries: Entries): Field => ({
  accepts: isObject,
  fallback: {},
  expected: "an object",
  entries,
});

const name = field(matches(NAME), "", "at most 256 characters without control characters");
const yes = field(isBoolean, true, "true or false");
const no = field(isBoolean, false, "true or false");
const reference = field(optional(isId), null, "an id or null");
const count = field(isCount, 0, "a non-negative integer");
const maybeCount = field(optional(isCount), null, "a non-negative integer or null");
const text = field(isString, "", "a string");
const nonNegative = (fallback: number) => field(isNonNegative, fallback, "a finite number of at least 0");
const positive = (fallback: number) => field(isPositive, fallback, "a finite number above 0");
const maybePositive = field(optional(isPositive), null, "a finite number above 0, or null");
const unit = (fallback: number) => field(isUnit, fallback, "a number from 0 to 1");
const finite = (fallback: number) => field(isFiniteNumber, fallback, "a finite number");
const vec3 = (...fallback: number[]) => field(tuple(3, isFiniteNumber), fallback, "three finite numbers");
const units = (...fallback: number[]) =>
  field(tuple(fallback.length, isUnit), fallback, `${fallback.length} numbers from 0 to 1`);
const word = (fallback: string, ...others: string[]) =>
  field(oneOf(fallback, ...others), fallback, `one of ${[fallback, ...others].join(", ")}`);
const maybeWord = (...words: string[]) => field(optional(oneOf(...words)), null, `null or one of ${words.join(", ")}`);
const textureField = (test: Test) => field(optional(test), null, "a texture info {texture, texCoord, …} or null");

const common: Fields = {
  trashed: field(optional(isTrashed), null, "{by, at} or null"),
  extras: field(isJson, null, "a JSON value"),
  extensions: field(isJsonObject, {}, "an object"),
};
const source = field(optional(isSource), null, "{blob, index?} or null");
const slots = container({
  acceptsKey: isId,
  accepts: (_, v) => v === null || isId(v),
  expected: "slot id → material id or null",
});

const node: Fields = {
  name,
  parents: container({
    acceptsKey: isParentId,
    accepts: (_, v) => isEdge(v),
    expected: "parent id → [counter, order]",
  }),
  translation: vec3(0, 0, 0),
  rotation: field(isQuaternion, [0, 0, 0, 1], "a unit quaternion (x, y, z, w)"),
  scale: vec3(1, 1, 1),
  visible: yes,
  locked: no,
  mesh: reference,
  camera: reference,
  light: reference,
  materials: slots,
  source,
  ...common,
};

const mesh: Fields = {
  name,
  head: reference,
  slots,
  lod: container({
    acceptsKey: (key) => key.length > 0,
    accepts: acceptsLodEntry,
    expected: "a level-of-detail setting",
  }),
  source,
  ...common,
};

const material: Fields = {
  name,
  baseColorFactor: units(1, 1, 1, 1),
  metallicFactor: unit(1),
  roughnessFactor: unit(1),
  emissiveFactor: units(0, 0, 0),
  emissiveStrength: nonNegative(1),
  alphaMode: word("OPAQUE", "MASK", "BLEND"),
  alphaCutoff: nonNegative(0.5),
  doubleSided: no,
  baseColorTexture: textureField(isTextureInfo),
  metallicRoughnessTexture: textureField(isTextureInfo),
  normalTexture: textureField(isNormalTextureInfo),
  occlusionTexture: textureField(isOcclusionTextureInfo),
  emissiveTexture: textureField(isTextureInfo),
  ...common,
};

const wrap = word("REPEAT", "MIRRORED_REPEAT", "CLAMP_TO_EDGE");
const texture: Fields = {
  name,
  image: field(optional(isSha), null, "a SHA-256 or null"),
  mimeType: word("image/png", "image/jpeg", "image/webp"),
  width: count,
  height: count,
  wrapS: wrap,
  wrapT: wrap,
  magFilter: maybeWord("NEAREST", "LINEAR"),
  minFilter: maybeWord(
    "NEAREST",
    "LINEAR",
    "NEAREST_MIPMAP_NEAREST",
    "LINEAR_MIPMAP_NEAREST",
    "NEAREST_MIPMAP_LINEAR",
    "LINEAR_MIPMAP_LINEAR",
  ),
  ...common,
};

const light: Fields = {
  name,
  type: word("point", "directional", "spot"),
  color: units(1, 1, 1),
  intensity: nonNegative(1),
  range: maybePositive,
  innerConeAngle: nonNegative(0),
  outerConeAngle: nonNegative(Math.PI / 4),
  ...common,
};

const camera: Fields = {
  name,
  type: word("perspective", "orthographic"),
  yfov: positive(0.8),
  aspectRatio: maybePositive,
  znear: nonNegative(0.1),
  zfar: maybePositive,
  xmag: finite(1),
  ymag: finite(1),
  ...common,
};

const isJobError = shape({ code: isString, message: isString, hint: isString }, ["code", "message"]);
const job: Fields = {
  op: text,
  target: field(isJsonObject, {}, "an object"),
  params: field(isJsonObject, {}, "an object"),
  by: text,
  at: count,
  state: word("queued", "running", "awaiting_input", "succeeded", "failed", "cancelled"),
  attempts: count,
  worker: text,
  started: maybeCount,
  finished: maybeCount,
  result: field(optional(isJsonObject), null, "an object or null"),
  error: field(optional(isJobError), null, "{code, message, hint} or null"),
};

/** Fields of the records of each root map. */
export const RECORD_FIELDS: Readonly<Record<string, Fields>> = {
  nodes: node,
  meshes: mesh,
  materials: material,
  textures: texture,
  lights: light,
  cameras: camera,
  jobs: job,
};

const isRevision = shape(
  {
    mesh: isId,
    geometry: isSha,
    grid: integer(-60, 40),
    origin: tuple(3, isFiniteNumber),
    topology: isId,
    parent: optional(isId),
    op: isString,
    absorbed: optional(isSha),
    slots: listOf(isId),
    positions: isCount,
    vertices: isCount,
    triangles: isCount,
    min: tuple(3, isFiniteNumber),
    max: tuple(3, isFiniteNumber),
    bytes: isCount,
    by: isString,
    at: isCount,
  },
  ["mesh", "geometry", "grid", "topology", "op", "slots", "positions", "vertices", "triangles", "min", "max", "bytes"],
);

const isLodResult = shape(
  { geometry: isSha, triangles: isCount, vertices: isCount, error: isNonNegative, state: isString, bytes: isCount },
  ["geometry", "triangles", "vertices", "error", "state", "bytes"],
);

const isChatText: Test = (v) => typeof v === "string" && v.length >= 1 && [...v].length <= 4000;
const isChatLine = shape({ by: isString, name: isString, at: isCount, text: isChatText }, ["by", "name", "at", "text"]);

/** What the atomic values of each root map must look like. */
export const VALUE_TESTS: Readonly<Record<string, Test>> = {
  revisions: isRevision,
  lod: isLodResult,
  chat: isChatLine,
};

/** Defaults that an atomic value may leave out. */
export const VALUE_DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  revisions: { origin: [0, 0, 0], parent: null, absorbed: null, by: "", at: 0 },
  lod: {},
  chat: {},
};
