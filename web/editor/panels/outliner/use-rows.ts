import { useLocal } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { useMemo, useSyncExternalStore } from "react";
import { type OutlineRow, outlineRows } from "./rows";

/** The outliner's rows, again after every change of the tree, of names, or of what is open. */
export function useRows(filter: string): readonly OutlineRow[] {
  const { store } = useProject();
  const expanded = useLocal((local) => local.expanded);
  const shape = useMemo(() => treeVersion(store), [store]);
  const version = useSyncExternalStore(shape.subscribe, shape.version);
  // biome-ignore lint/correctness/useExhaustiveDependencies: version stands for the store's content
  return useMemo(() => outlineRows(store, expanded, filter), [store, expanded, filter, version]);
}

function treeVersion(store: ReturnType<typeof useProject>["store"]) {
  let version = 0;
  return {
    version: () => version,
    subscribe: (listener: () => void) =>
      store.subscribeAll((changed) => {
        if (!concernsTree(changed)) return;
        version++;
        listener();
      }),
  };
}

function concernsTree(changed: ReadonlySet<string>): boolean {
  for (const key of changed) if (key === "roots" || key === "trash" || key.startsWith("nodes/")) return true;
  return false;
}
