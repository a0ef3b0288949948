/** What the start page wants done as soon as the project that it made is open. */
import type { Project } from "@core/project";

const tasks = new Map<string, (project: Project) => void>();

export function whenOpen(project: string, task: (project: Project) => void): void {
  tasks.set(project, task);
}

/** Runs what waits for this project, once. */
export function runPending(project: Project): void {
  const task = tasks.get(project.id);
  tasks.delete(project.id);
  task?.(project);
}
