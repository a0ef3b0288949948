import { duplicate } from "@core/nodes";
import type { Project } from "@core/project";
import { topmost } from "@editor/panels/outliner/rows";
import { local } from "@editor/state/local";

export function duplicateNodes(project: Project, ids: readonly string[]): void {
  const copies: string[] = [];
  project.edit("Duplicate", () => {
    for (const id of topmost(project.store, ids)) copies.push(duplicate(project.scene, id));
  });
  if (copies.length) local().select(copies);
}
