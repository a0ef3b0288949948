import type { Project } from "@core/project";
import { setValue } from "@core/resources";
import { local } from "@editor/state/local";
import { canEdit } from "@editor/state/status";

/** Names are single lines of at most 256 characters: what is pasted is cut to that. */
export function cleanName(name: string): string {
  const line = name.replace(/\p{Cc}+/gu, " ");
  return line.trim().slice(0, 256);
}

/** Opens the name of a node in the outliner for typing. */
export function beginRename(project: Project, node: string | undefined): void {
  if (node && canEdit(project)) local().set({ renaming: node });
}

export function rename(project: Project, node: string, name: string): void {
  project.edit("Rename", () => setValue(project.scene, "nodes", node, "name", cleanName(name)));
}
