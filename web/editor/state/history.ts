import { useSyncExternalStore } from "react";
import { useProject } from "./project";

/** What undo and redo would do; "" where there is nothing. */
export function useHistory(): { canUndo: boolean; canRedo: boolean; undoLabel: string; redoLabel: string } {
  const { history } = useProject();
  const key = useSyncExternalStore(
    (listener) => history.subscribe(listener),
    () => JSON.stringify([history.canUndo, history.canRedo, history.undoLabel, history.redoLabel]),
  );
  const [canUndo, canRedo, undoLabel, redoLabel] = JSON.parse(key) as [boolean, boolean, string, string];
  return { canUndo, canRedo, undoLabel, redoLabel };
}
