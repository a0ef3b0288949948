import { add, move } from "@core/nodes";
import type { Project } from "@core/project";
import { topmost } from "@editor/panels/outliner/rows";
import { local } from "@editor/state/local";

/** Moves nodes below `parent`, in their order, before the sibling `before` (null: last). */
export function moveNodes(project: Project, ids: readonly string[], parent: string, before: string | null): void {
  project.edit(ids.length > 1 ? `Move ${ids.length} nodes` : "Move in the tree", () => {
    for (const id of ids) move(project.scene, id, parent, before);
  });
  if (parent !== "root") local().expand([parent], true);
}

/** Puts nodes into a new group where the first of them stood. */
export function groupNodes(project: Project, ids: readonly string[]): void {
  const members = topmost(project.store, ids);
  const first = project.store.node(members[0] ?? "");
  if (!first) return;
  let group = "";
  project.edit("Group", () => {
    group = add(project.scene, { name: "Group" }, { parent: first.parent, before: first.id });
    for (const id of members) move(project.scene, id, group, null);
  });
  local().expand([group], true);
  local().select([group]);
}
