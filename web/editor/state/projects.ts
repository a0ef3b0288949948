/** The start page's list of projects, with what was changed here shown at once. */

import type { ProjectInfo } from "@core/api";
import { ApiError } from "@core/errors";
import { create } from "zustand";
import { api } from "./api";
import { session } from "./session";
import { toast, toastError } from "./toasts";

export type ListState = "loading" | "ready" | "unreachable" | "unauthorised";

interface Projects {
  state: ListState;
  items: readonly ProjectInfo[];
  trashed: readonly ProjectInfo[];
}

export const useProjects = create<Projects>(() => ({ state: "loading", items: [], trashed: [] }));

export async function loadProjects(): Promise<void> {
  try {
    await session();
    const [items, trashed] = await Promise.all([all(false), all(true)]);
    useProjects.setState({ state: "ready", items, trashed });
  } catch (error) {
    const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
    useProjects.setState({ state: refused ? "unauthorised" : "unreachable" });
    if (!refused) console.warn("The list of projects was not loaded:", error);
  }
}

async function all(trashed: boolean): Promise<ProjectInfo[]> {
  const found: ProjectInfo[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await api.projects({ trashed, limit: 100, ...(cursor && { cursor }) });
    found.push(...page.items.filter((project) => project.trashed === trashed));
    cursor = page.next;
  }
  return found;
}

export async function createProject(name: string): Promise<ProjectInfo | null> {
  return attempt("The project was not created", () => api.createProject(name));
}

export async function rename(project: ProjectInfo, name: string): Promise<void> {
  await attempt("The project was not renamed", () => api.changeProject(project.id, { name }));
  await loadProjects();
}

export async function duplicate(project: ProjectInfo): Promise<void> {
  const copy = await attempt("The project was not duplicated", () => api.duplicateProject(project.id));
  if (copy) toast(`“${copy.name}” was made`, { tone: "ok" });
  await loadProjects();
}

export async function trash(project: ProjectInfo): Promise<void> {
  const done = await attempt("The project was not deleted", async () => {
    await api.trashProject(project.id);
    return true;
  });
  if (done)
    toast(`“${project.name}” moved to the trash`, { action: { label: "Undo", run: () => void restore(project) } });
  await loadProjects();
}

export async function restore(project: ProjectInfo): Promise<void> {
  await attempt("The project was not restored", () => api.changeProject(project.id, { trashed: false }));
  await loadProjects();
}

async function attempt<T>(what: string, run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    toastError(what, error);
    return null;
  }
}
