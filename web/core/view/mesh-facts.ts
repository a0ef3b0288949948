/** What drawing needs to know of a mesh: the head revision's bounds and origin, its levels and when to draw them. */
import { Vector3 } from "three";
import type { LevelOption, Thresholds } from "./levels";
import type { SceneSource } from "./sources";

/** A mesh's head revision as far as drawing goes. */
export interface MeshFacts {
  readonly origin: Vector3;
  readonly center: Vector3;
  readonly half: Vector3;
  readonly options: readonly LevelOption[];
  readonly hashes: ReadonlyMap<number, string>;
  readonly thresholds: Thresholds;
}

/** Null where the mesh has no head. A level without a setting is not drawn. */
export function readFacts(store: SceneSource, mesh: string): MeshFacts | null {
  const revision = store.mesh(mesh)?.revision;
  if (!revision) return null;
  const lod = store.lod(mesh);
  const built = [...(lod?.results ?? [])].filter(([level]) => lod?.levels.has(level)).sort((a, b) => a[0] - b[0]);
  const min = new Vector3(...revision.min);
  const max = new Vector3(...revision.max);
  return {
    origin: new Vector3(...revision.origin),
    center: min.clone().add(max).multiplyScalar(0.5),
    half: max.clone().sub(min).multiplyScalar(0.5),
    options: [
      { level: 0, triangles: revision.triangles },
      ...built.map(([level, r]) => ({ level, triangles: r.triangles })),
    ],
    hashes: new Map([[0, revision.geometry], ...built.map(([level, r]) => [level, r.geometry] as const)]),
    thresholds: lod?.levels ?? new Map(),
  };
}
