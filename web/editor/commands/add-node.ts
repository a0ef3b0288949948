import { add, type NodeFields } from "@core/nodes";
import type { Project } from "@core/project";
import { addCamera, addLight } from "@core/resources";
import type { Light } from "@core/schema";
import type { CameraPose } from "@core/view/view";
import { looking, quaternionOf } from "@editor/lib/rotation";
import { local } from "@editor/state/local";
import { viewport } from "@editor/state/viewport";

export function addGroup(project: Project): void {
  place(project, "Add group", () => ({ name: "Group" }));
}

const LIGHTS: Record<Light["type"], { name: string; intensity: number; node: NodeFields }> = {
  point: { name: "Point light", intensity: 20, node: { translation: [0, 2, 0] } },
  spot: { name: "Spot light", intensity: 60, node: { translation: [0, 3, 0], rotation: quaternionOf([-90, 0, 0]) } },
  directional: { name: "Sun", intensity: 2, node: { translation: [2, 4, 3], rotation: quaternionOf([-48, 32, 0]) } },
};

export function addLightNode(project: Project, type: Light["type"]): void {
  const { name, intensity, node } = LIGHTS[type];
  place(project, "Add light", () => ({ name, ...node, light: addLight(project.scene, { name, type, intensity }) }));
}

/** It stands where this window looks from, hence in the world, not beside the selection. */
export function addCameraNode(project: Project): void {
  const { position: from, target: to } = viewport()?.camera ?? FRONT;
  const node = { translation: from, rotation: looking([to[0] - from[0], to[1] - from[1], to[2] - from[2]]) };
  const camera = () => ({ name: "Camera", ...node, camera: addCamera(project.scene, { name: "Camera" }) });
  place(project, "Add camera", camera, "root");
}

const FRONT: CameraPose = { position: [0, 1.6, 5], target: [0, 1.6, 0] };

function besideSelection(project: Project): string {
  return project.store.node(local().selection.at(-1) ?? "")?.parent ?? "root";
}

/** New things stand beside the selection, and are selected themselves. */
function place(project: Project, label: string, fields: () => NodeFields, parent = besideSelection(project)): void {
  let id = "";
  project.edit(label, () => {
    id = add(project.scene, fields(), { parent });
  });
  local().select([id]);
}
