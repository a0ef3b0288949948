/** Meshes, materials, textures, lights and cameras: making them, setting their fields, slots and overrides. */

import * as Y from "yjs";
import { checkEntry, checkField, type SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import { isId, newId } from "./ids";
import { checkNew } from "./nodes";
import type { Camera, Light, Material, Mesh, Texture } from "./schema";

type Slots = Readonly<Record<string, string | null>>;
type Writable<T> = Partial<Omit<T, "trashed">>;

/** A mesh with its slots and level-of-detail settings, filled from the start. */
export function addMesh(
  scene: SceneDocument,
  fields: Partial<Omit<Mesh, "trashed" | "slots" | "lod">> = {},
  contents: { readonly slots?: Slots; readonly lod?: Readonly<Record<string, unknown>> } = {},
  id = newId(),
): string {
  return addRecord(scene, "meshes", fields, { slots: contents.slots ?? {}, lod: contents.lod ?? {} }, id);
}

export function addMaterial(scene: SceneDocument, fields: Writable<Material> = {}, id = newId()): string {
  return addRecord(scene, "materials", fields, {}, id);
}

export function addTexture(scene: SceneDocument, fields: Writable<Texture> = {}, id = newId()): string {
  return addRecord(scene, "textures", fields, {}, id);
}

export function addLight(scene: SceneDocument, fields: Writable<Light> = {}, id = newId()): string {
  return addRecord(scene, "lights", fields, {}, id);
}

export function addCamera(scene: SceneDocument, fields: Writable<Camera> = {}, id = newId()): string {
  return addRecord(scene, "cameras", fields, {}, id);
}

/** Writes one field of any record, checked. */
export function setValue(scene: SceneDocument, root: string, id: string, key: string, value: unknown): void {
  scene.set(root, id, key, value);
}

/** The material of a mesh's slot; null leaves it without one. */
export function setSlot(scene: SceneDocument, mesh: string, slot: string, material: string | null): void {
  setEntry(scene, "meshes", mesh, "slots", slot, material);
}

/** This node's own material for a slot; null removes the override. */
export function setOverride(scene: SceneDocument, node: string, slot: string, material: string | null): void {
  setEntry(scene, "nodes", node, "materials", slot, material ?? undefined);
}

/** Writes one entry of a container, checked; undefined deletes it. */
export function setEntry(
  scene: SceneDocument,
  root: string,
  id: string,
  container: string,
  key: string,
  value: unknown,
): void {
  checkEntry(root, container, key, value ?? null);
  const entries = scene.demand(root, id).get(container);
  if (!(entries instanceof Y.Map))
    throw new InvalidEdit("no_container", `${root}/${id} was written without its ${container}`);
  scene.transact(() => {
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  });
}

/** Marks a mesh, material, texture, light or camera as trashed, or restores it. */
export function setTrashed(scene: SceneDocument, root: string, id: string, by: string | null, at = Date.now()): void {
  const record = scene.demand(root, id);
  checkField(root, "trashed", null);
  scene.transact(() => {
    if (by === null) record.delete("trashed");
    else record.set("trashed", { by, at });
  });
}

function addRecord(
  scene: SceneDocument,
  root: string,
  fields: Readonly<Record<string, unknown>>,
  containers: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  id: string,
): string {
  checkNew(scene, root, id);
  for (const [key, value] of Object.entries(fields)) checkField(root, key, value);
  for (const [name, entries] of Object.entries(containers)) {
    for (const [key, value] of Object.entries(entries)) checkEntry(root, name, key, value);
  }
  const entries: [string, unknown][] = Object.entries(fields);
  for (const [name, values] of Object.entries(containers)) entries.push([name, new Y.Map(Object.entries(values))]);
  scene.transact(() => scene.map(root).set(id, new Y.Map(entries)));
  return id;
}

/** The material id that a node shows in a slot: its override, else the mesh's; undefined where neither names one. */
export function materialOf(overrides: Slots, slots: Slots, slot: string): string | undefined {
  const id = overrides[slot] ?? slots[slot];
  return isId(id) ? id : undefined;
}
