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

/** False while the scene has neither come from the server nor from this browser's copy. */
export function useReady(): boolean {
  const { state } = useConnection();
  return state !== "connecting";
}
