import type { Project } from "@core/project";
import { toastError } from "@editor/state/toasts";

export async function cancelJob(project: Project, job: string): Promise<void> {
  try {
    await project.api.cancelJob(project.id, job);
  } catch (error) {
    toastError("The job was not cancelled", error);
  }
}
