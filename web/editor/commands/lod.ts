import { setSetting } from "@core/lod";
import type { Project } from "@core/project";
import type { LodLevel, LodSettings } from "@core/schema";
import { useJobs } from "@editor/state/jobs";

export function setLevel(
  project: Project,
  mesh: string,
  level: number,
  value: LodLevel | null,
  gesture?: string,
): void {
  const write = () => setSetting(project.scene, mesh, String(level), value);
  project.edit(value ? "Change level of detail" : "Remove level", write, gesture ? { mergeKey: gesture } : {});
}

export function setLodSetting<K extends keyof LodSettings>(
  project: Project,
  mesh: string,
  key: K,
  value: LodSettings[K],
  gesture?: string,
): void {
  const write = () => setSetting(project.scene, mesh, key, value);
  project.edit("Level of detail settings", write, gesture ? { mergeKey: gesture } : {});
}

/** Asks a compute peer for the whole chain by the mesh's own settings. */
export function buildLevels(project: Project, mesh: string): void {
  const job = project.requestJob({ op: "lod.chain", target: { mesh } });
  useJobs.getState().follow(job, project.store.mesh(mesh)?.name || "Unnamed");
}
