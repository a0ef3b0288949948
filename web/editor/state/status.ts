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

/** False while the scene has neither come from the server nor from this browser's copy. */
export function useReady(): boolean {
  const { state } = useConnection();
  return state !== "connecting";
}
