import type { Project } from "@core/project";
import { useJobs } from "@editor/state/jobs";
import { toastError } from "@editor/state/toasts";

export interface ExportChoice {
  format: "glb" | "obj" | "stl" | "ply";
  /** Null: the whole scene. */
  nodes: readonly string[] | null;
  compression: "none" | "meshopt";
  level: number;
  binary: boolean;
}

/** Asks for an export job; its result is downloaded when it is there. */
export function exportScene(project: Project, choice: ExportChoice): void {
  const { format, nodes, compression, level, binary } = choice;
  const options = {
    ...(format === "glb" && { compression }),
    ...((format === "stl" || format === "ply") && { binary }),
    ...(level > 0 && { level }),
  };
  const follow = (job: string) => useJobs.getState().follow(job, format.toUpperCase());
  if (project.readOnly) {
    // Who may only look writes no document, but may ask the server.
    const asked = project.api.exportScene(project.id, { format, options, ...(nodes && { nodes: [...nodes] }) });
    asked.then(follow, (error: unknown) => toastError("Nothing was exported", error));
    return;
  }
  follow(project.requestJob({ op: "export", target: nodes ? { nodes: [...nodes] } : {}, params: { format, options } }));
}
