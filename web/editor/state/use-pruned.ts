import { useEffect } from "react";
import { local } from "./local";
import { useProject } from "./project";

/** What others trash leaves this window's selection. */
export function usePruned(): void {
  const { store } = useProject();
  useEffect(
    () =>
      store.subscribeAll((changed) => {
        const { selection, select } = local();
        if (!selection.some((id) => changed.has(`nodes/${id}`))) return;
        const kept = selection.filter((id) => {
          const node = store.node(id);
          return node && !node.trashed;
        });
        if (kept.length < selection.length) select(kept);
      }),
    [store],
  );
}
