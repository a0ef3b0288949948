import type { Project } from "@core/project";
import { setValue } from "@core/resources";

/** One field of lights or cameras (the same on each). All writes of one `gesture` are one step of history. */
export function setResources(
  project: Project,
  root: "lights" | "cameras",
  values: ReadonlyMap<string, unknown>,
  key: string,
  gesture?: string,
): void {
  const label = root === "lights" ? "Change light" : "Change camera";
  const write = () => {
    for (const [id, value] of values) setValue(project.scene, root, id, key, value);
  };
  project.edit(label, write, gesture ? { mergeKey: gesture } : {});
}
