import type { Ending } from "@core/endings";
import type { Project } from "@core/project";
import type { Status } from "@core/status";
import { useSyncExternalStore } from "react";
import { useProject } from "./project";

/** The connection in detail and in words: "saved", "saving", "offline, kept here", … */
export function useConnection(): Status & { readOnly: boolean } {
  const project = useProject();
  const state = useSyncExternalStore(
    (listener) => project.subscribe(listener),
    () => project.state,
  );
  const readOnly = useSyncExternalStore(
    (listener) => project.subscribe(listener),
    () => project.readOnly,
  );
  return { ...state, refusal: state.state === "refused" ? state.refusal : null, readOnly };
}

/** Whether this window may change the scene: not where it may only look, nor after the server refused it. */
export function canEdit(project: Project): boolean {
  return !project.readOnly && project.state.state !== "refused";
}

export function useCanEdit(): boolean {
  const project = useProject();
  return useSyncExternalStore(
    (listener) => project.subscribe(listener),
    () => canEdit(project),
  );
}

/** Why nothing can be changed here now; undefined where it can. */
export function whyNot(project: Project): string | undefined {
  if (canEdit(project)) return undefined;
  if (project.scene.readOnly) return "This project was made by a newer Maquette";
  if (project.ending === "signed out") return "Sign in to go on";
  if (project.state.state === "refused") return "Not connected";
  return project.role === "commenter"
    ? "You can comment, but not change the scene"
    : "You can look, but not change the scene";
}

export function useWhyNot(): string | undefined {
  const project = useProject();
  return useSyncExternalStore(
    (listener) => project.subscribe(listener),
    () => whyNot(project),
  );
}

/** How this window stands to the project: its role, and whether and how it ended. */
export function useStanding(): { role: string | null; ending: Ending | null } {
  const project = useProject();
  const subscribe = (listener: () => void) => project.subscribe(listener);
  const role = useSyncExternalStore(subscribe, () => project.role);
  const ending = useSyncExternalStore(subscribe, () => project.ending);
  return { role, ending };
}

/** False while the scene has neither come from the server nor from this browser's copy. */
export function useReady(): boolean {
  const { state } = useConnection();
  return state !== "connecting";
}
