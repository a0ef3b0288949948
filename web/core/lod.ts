/** Levels of detail: what a mesh asks for, and the results that peers made. */

import { fits, fitsEntry, isObject } from "./checks";
import { checkValue, type SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import { setEntry } from "./resources";
import {
  DEFAULT_LEVELS,
  DEFAULTS,
  LEVEL_CHECK,
  type LodLevel,
  type LodResult,
  type LodSettings,
  MAX_LEVELS,
} from "./schema";

/** One level with nothing left out. */
export type Level = Required<LodLevel>;

type Contents = Readonly<Record<string, unknown>>;

/** Settings from the contents of `meshes/{id}/lod`; what is missing or ill-typed reads as its default. */
export function settingsOf(contents: Contents): LodSettings {
  const stated = Object.entries(contents).filter(
    ([key, value]) => key in DEFAULTS.lodSettings && fitsEntry("meshes", "lod", key, value, "read"),
  );
  return { ...DEFAULTS.lodSettings, ...Object.fromEntries(stated) };
}

/** Level number → what it should be, from the contents of `meshes/{id}/lod`; null there means no such level. */
export function levelsOf(contents: Contents): ReadonlyMap<number, Level> {
  const levels = new Map<number, Level>();
  for (let number = 1; number <= MAX_LEVELS; number++) {
    const stated = contents[number];
    const usable = stated !== undefined && fits(LEVEL_CHECK, stated);
    const level: unknown = usable ? stated : DEFAULT_LEVELS[number as 1];
    if (isObject(level)) levels.set(number, { ...NO_LEVEL, ...level });
  }
  return levels;
}

export function settings(scene: SceneDocument, mesh: string): LodSettings {
  return settingsOf(contents(scene, mesh));
}

export function levels(scene: SceneDocument, mesh: string): ReadonlyMap<number, Level> {
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
  checkValue("lod", key, result);
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

const NO_LEVEL: Level = { ratio: null, triangles: null, error: 1, coverage: 0 };

function contents(scene: SceneDocument, mesh: string): Contents {
  return scene.read("meshes", mesh)?.lod ?? {};
}
