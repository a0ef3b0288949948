import type { Project } from "@core/project";
import { setValue } from "@core/resources";
import type { TransformChange } from "@core/view/view";

const LABELS = { translation: "Move", rotation: "Rotate", scale: "Scale" } as const;

/** Writes new local transforms. All writes of one `gesture` are one step of history. */
export function setTransforms(project: Project, changes: ReadonlyMap<string, TransformChange>, gesture: string): void {
  const kinds = new Set([...changes.values()].flatMap((change) => Object.keys(change)));
  const [only] = kinds;
  const label = kinds.size === 1 && only ? LABELS[only as keyof typeof LABELS] : "Transform";
  const write = () => {
    for (const [id, change] of changes) {
      if (!project.store.node(id)) continue;
      for (const [key, value] of Object.entries(change)) setValue(project.scene, "nodes", id, key, [...value]);
    }
  };
  project.edit(label, write, { mergeKey: gesture });
}
