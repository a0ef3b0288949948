/** Tolerant reading of records and atomic values into plain, frozen models (SPEC D6). */

import * as Y from "yjs";
import { fits, fitsEntry, isObject } from "./checks";
import {
  type Camera,
  type ChatLine,
  CONTAINERS,
  DEFAULTS,
  FIELDS,
  type Job,
  type Light,
  type LodResult,
  type Material,
  type Mesh,
  type Node,
  type Revision,
  type Texture,
  VALUE_CHECKS,
} from "./schema";

/** Roots whose entries are maps. */
export interface Records {
  nodes: Node;
  meshes: Mesh;
  materials: Material;
  textures: Texture;
  lights: Light;
  cameras: Camera;
  jobs: Job;
}

/** Roots whose entries are atomic values. */
export interface Values {
  revisions: Revision;
  lod: LodResult;
  chat: ChatLine;
}

export type RecordRoot = keyof Records;
export type ValueRoot = keyof Values;

export function isValueRoot(root: string): root is ValueRoot {
  return Object.hasOwn(VALUE_CHECKS, root);
}

export function containersOf(root: string): readonly string[] {
  return Object.hasOwn(CONTAINERS, root) ? CONTAINERS[root as RecordRoot] : [];
}

/** A record with its defaults where keys are missing or ill-typed; unknown keys as they are. */
export function readRecord<R extends RecordRoot>(root: R, record: Y.Map<unknown>): Records[R] {
  const model: Record<string, unknown> = { ...DEFAULTS[root] };
  const checks = FIELDS[root] ?? {};
  for (const [key, value] of record) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check !== undefined ? fits(check, value) : !(key in model || value instanceof Y.AbstractType))
      model[key] = value;
  }
  for (const name of containersOf(root)) model[name] = readContainer(root, name, record.get(name));
  return Object.freeze(model) as unknown as Records[R];
}

/** An atomic value, or undefined where it is absent or ill-typed. */
export function readValue<R extends ValueRoot>(root: R, value: unknown): Values[R] | undefined {
  if (!isObject(value) || !fits(VALUE_CHECKS[root] ?? {}, value)) return undefined;
  return Object.freeze({ ...DEFAULTS[root], ...value }) as unknown as Values[R];
}

function readContainer(root: string, name: string, value: unknown): Readonly<Record<string, unknown>> {
  const model: Record<string, unknown> = {};
  if (!(value instanceof Y.Map)) return model;
  // lod.ts judges the settings of a mesh, whose keys have different types.
  if (root === "meshes" && name === "lod") return Object.freeze(Object.fromEntries(value.entries()));
  for (const [key, item] of value) if (fitsEntry(root, name, key, item, "read")) model[key] = item;
  return Object.freeze(model);
}
