/** Levels of detail: what a mesh asks for, and the results that peers made. */

import type { SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import { VALUE_TESTS } from "./fields";
import { setEntry } from "./resources";
import type { LodLevel, LodResult, LodSettings } from "./schema";

export const MAX_LEVELS = 8;

/** What a level reads as that the mesh does not state. */
export const DEFAULT_LEVELS: Readonly<Record<string, LodLevel>> = {
  "1": level(0.5, 0.5),
  "2": level(0.25, 0.25),
  "3": level(0.1, 0.12),
  "4": level(0.03, 0.05),
  "5": level(0.01, 0.02),
};

export const DEFAULT_SETTINGS: LodSettings = {
  auto: true,
  lockBorders: false,
  normalWeight: 0.5,
  uvWeight: 1,
  colorWeight: 0.5,
};

type Contents = Readonly<Record<string, unknown>>;

/** Settings from the contents of `meshes/{id}/lod`. */
export function settingsOf(contents: Contents): LodSettings {
  const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const key of Object.keys(DEFAULT_SETTINGS)) if (key in contents) settings[key] = contents[key];
  return settings as unknown as LodSettings;
}

/** Level number → what it should be, from the contents of `meshes/{id}/lod`; null there means no such level. */
export function levelsOf(contents: Contents): ReadonlyMap<number, LodLevel> {
  const levels = new Map<number, LodLevel>();
  for (let number = 1; number <= MAX_LEVELS; number++) {
    const key = String(number);
    const stated = key in contents ? contents[key] : DEFAULT_LEVELS[key];
    if (stated) levels.set(number, { ...NO_LEVEL, ...(stated as object) } as LodLevel);
  }
  return levels;
}

export function settings(scene: SceneDocument, mesh: string): LodSettings {
  return settingsOf(contents(scene, mesh));
}

export function levels(scene: SceneDocument, mesh: string): ReadonlyMap<number, LodLevel> {
  return levelsOf(contents(scene, mesh));
}

/** One setting or level ("1" … "8"); null: no such level; undefined: back to the default. */
export function setSetting(scene: SceneDocument, mesh: string, key: string, value: unknown): void {
  setEntry(scene, "meshes", mesh, "lod", key, value);
}

export function putResult(scene: SceneDocument, revision: string, number: number, result: LodResult): void {
  const key = `${revision}/${number}`;
  if (!Number.isInteger(number) || number < 1 || number > MAX_LEVELS)
    throw new InvalidEdit("bad_key", `level ${number}`, `1 to ${MAX_LEVELS}`);
  if (!VALUE_TESTS.lod?.(result)) throw new InvalidEdit("bad_value", `lod/${key} is no level result`);
  scene.transact(() => scene.map("lod").set(key, result));
}

/** The levels that were made of a revision. */
export function results(scene: SceneDocument, revision: string): ReadonlyMap<number, LodResult> {
  const found = new Map<number, LodResult>();
  for (let number = 1; number <= MAX_LEVELS; number++) {
    const result = scene.read("lod", `${revision}/${number}`);
    if (result !== undefined) found.set(number, result);
  }
  return found;
}

const NO_LEVEL = { ratio: null, triangles: null, error: 1, coverage: 0 };

function level(ratio: number, coverage: number): LodLevel {
  return { ratio, triangles: null, error: 1, coverage };
}

function contents(scene: SceneDocument, mesh: string): Contents {
  return (scene.read("meshes", mesh)?.lod ?? {}) as Contents;
}
