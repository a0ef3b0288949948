import type { Project } from "@core/project";
import { setValue } from "@core/resources";

/** Names are single lines of at most 256 characters: what is pasted is cut to that. */
export function cleanName(name: string): string {
  const line = name.replace(/\p{Cc}+/gu, " ");
  return line.trim().slice(0, 256);
}

export function rename(project: Project, node: string, name: string): void {
  project.edit("Rename", () => setValue(project.scene, "nodes", node, "name", cleanName(name)));
}
