import { restore, trash } from "@core/nodes";
import type { Project } from "@core/project";
import { plural } from "@editor/lib/format";
import { topmost } from "@editor/panels/outliner/rows";
import { local } from "@editor/state/local";
import { toast } from "@editor/state/toasts";
import { undo } from "./history";

/** Locked nodes stay: a lock is there to protect. */
export function trashNodes(project: Project, ids: readonly string[]): void {
  const free = topmost(project.store, ids).filter((id) => project.store.node(id)?.locked === false);
  if (free.length < ids.length && !free.length) {
    toast("Locked nodes cannot be deleted", { tone: "warn", detail: "Unlock them in the outliner first." });
    return;
  }
  project.edit("Delete", () => trash(project.scene, free, project.user.id));
  local().select([]);
  toast(`${plural(free.length, "node")} moved to the trash`, { action: { label: "Undo", run: () => undo(project) } });
}

export function restoreNodes(project: Project, ids: readonly string[]): void {
  project.edit("Restore", () => restore(project.scene, ids));
  local().select(ids);
}
