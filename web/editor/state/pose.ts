/** Where the camera stood in a project that is opened anew. */
import type { CameraPose } from "@core/view/view";
import { viewport } from "./viewport";

let kept: { project: string; pose: CameraPose } | null = null;

export function keepPose(project: string): void {
  const view = viewport();
  kept = view && { project, pose: view.camera };
}

/** Once; null where the project begins with a look at all of it. */
export function takePose(project: string): CameraPose | null {
  const pose = kept?.project === project ? kept.pose : null;
  kept = null;
  return pose;
}
