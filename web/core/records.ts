/** Tolerant reading of records and atomic values into plain, frozen models (SPEC D6). */

import * as Y from "yjs";
import { type Field, RECORD_FIELDS, VALUE_DEFAULTS, VALUE_TESTS } from "./fields";
import type { Camera, ChatLine, Job, Light, LodResult, Material, Mesh, Node, Revision, Texture } from "./schema";

export interface Records {
  nodes: Node;
  meshes: Mesh;
  materials: Material;
  textures: Texture;
  lights: Light;
  cameras: Camera;
  jobs: Job;
}

export interface Values {
  revisions: Revision;
  lod: LodResult;
  chat: ChatLine;
}

export const SCENE_ROOT_NAMES = [
  "meta",
  "nodes",
  "meshes",
  "revisions",
  "strokes",
  "materials",
  "textures",
  "lights",
  "cameras",
  "lod",
] as const;
export const SESSION_ROOT_NAMES = ["meta", "jobs", "chat", "comments", "proposals"] as const;

export function readRecord<R extends keyof Records>(root: R, record: Y.Map<unknown>): Records[R] {
  const model: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(RECORD_FIELDS[root] ?? {})) model[key] = readField(field, record.get(key));
  for (const [key, value] of record) if (!(key in model) && !(value instanceof Y.AbstractType)) model[key] = value;
  return Object.freeze(model) as unknown as Records[R];
}

export function readValue<R extends keyof Values>(root: R, value: unknown): Values[R] | undefined {
  if (VALUE_TESTS[root]?.(value) !== true) return undefined;
  return Object.freeze({ ...VALUE_DEFAULTS[root], ...(value as object) }) as Values[R];
}

function readField(field: Field, value: unknown): unknown {
  if (field.entries !== undefined) return readContainer(field, value);
  return value !== undefined && field.accepts(value) ? value : field.fallback;
}

function readContainer(field: Field, value: unknown): Readonly<Record<string, unknown>> {
  const model: Record<string, unknown> = {};
  if (!(value instanceof Y.Map)) return model;
  for (const [key, item] of value) {
    if (field.entries?.acceptsKey(key) && field.entries.accepts(key, item)) model[key] = item;
  }
  return Object.freeze(model);
}
