import type { Project } from "@core/project";
import { local } from "@editor/state/local";

/** Everything that can be seen and touched. */
export function selectAll(project: Project): void {
  const { store } = project;
  const roots = store.roots().filter((id) => {
    const node = store.node(id);
    return node && !node.trashed && !node.locked && !node.hidden;
  });
  local().select(roots);
}

/** A click on something in the viewport. */
export function pick(id: string | null, keys: { shift: boolean; ctrl: boolean }): void {
  const { selection, select } = local();
  if (!id) {
    if (!keys.shift && !keys.ctrl) select([]);
    return;
  }
  if (!keys.shift && !keys.ctrl) select([id]);
  else select(selection.includes(id) ? selection.filter((other) => other !== id) : [...selection, id]);
}
