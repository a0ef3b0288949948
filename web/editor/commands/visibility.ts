import type { Project } from "@core/project";
import { setValue } from "@core/resources";

export function setVisible(project: Project, ids: readonly string[], visible: boolean): void {
  setFlag(project, visible ? "Show" : "Hide", ids, "visible", visible);
}

export function setLocked(project: Project, ids: readonly string[], locked: boolean): void {
  setFlag(project, locked ? "Lock" : "Unlock", ids, "locked", locked);
}

/** Hides what is visible; when nothing of it is, shows it again. */
export function toggleVisible(project: Project, ids: readonly string[]): void {
  setVisible(project, ids, !ids.some((id) => project.store.node(id)?.visible));
}

function setFlag(project: Project, label: string, ids: readonly string[], key: string, value: boolean): void {
  project.edit(label, () => {
    for (const id of ids) setValue(project.scene, "nodes", id, key, value);
  });
}
