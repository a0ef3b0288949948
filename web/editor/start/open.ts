/** Ways to a new project: empty, from files, or the sample. */
import type { Project } from "@core/project";
import { importFiles, tellNoModel } from "@editor/commands/import-files";
import { importGroups } from "@editor/commands/import-groups";
import { lightSample, presentSample, SAMPLE_NAME, sampleGlb } from "@editor/commands/sample";
import type { SourceFile } from "@editor/lib/dropped-files";
import { whenOpen } from "@editor/state/pending";
import { createProject } from "@editor/state/projects";
import { navigate } from "@editor/state/router";

/** Makes a project, goes there, and does `task` once it is open. */
export async function openNew(name = "Untitled", task?: (project: Project) => void): Promise<void> {
  const project = await createProject(name);
  if (!project) return;
  if (task) whenOpen(project.id, task);
  navigate(`/p/${project.id}`);
}

/** A project named after the first file or folder; the editor shows the import while it runs. */
export async function openFiles(files: readonly SourceFile[]): Promise<void> {
  if (!importGroups(files).length) {
    if (files.length) tellNoModel();
    return;
  }
  const base = files[0]?.path.split("/")[0];
  if (base) await openNew(base.replace(/\.[^.]+$/, "") || "Untitled", (project) => void importFiles(project, files));
}

export function openSample(): Promise<void> {
  return openNew(SAMPLE_NAME, (project) => {
    lightSample(project);
    const file = new File([sampleGlb()], "Still life.glb", { type: "model/gltf-binary" });
    void importFiles(project, [{ file, path: file.name }], presentSample);
  });
}
