/** Everybody else in the project, from presence. */

import type { Person } from "@core/presence";
import { useMemo, useSyncExternalStore } from "react";
import { useProject } from "./project";

export function usePeople(): readonly Person[] {
  const { presence } = useProject();
  return useSyncExternalStore(
    (listener) => presence.subscribe(listener),
    () => presence.people(),
  );
}

const NOBODY: readonly Person[] = [];

/** Who has selected this node. The same list until it changes, so that pointers of others render no row. */
export function useSelectors(node: string): readonly Person[] {
  const { presence } = useProject();
  const read = useMemo(() => {
    let last = NOBODY;
    return () => {
      const next = presence.people().filter((person) => person.selection.includes(node));
      const same = next.length === last.length && next.every((person, i) => person.user === last[i]?.user);
      if (!same) last = next.length ? next : NOBODY;
      return last;
    };
  }, [presence, node]);
  return useSyncExternalStore((listener) => presence.subscribe(listener), read);
}
