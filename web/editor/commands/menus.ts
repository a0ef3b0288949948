import type { Project } from "@core/project";
import { local } from "@editor/state/local";
import type { MenuEntry } from "@editor/ui/menu";
import { actionOf } from "./actions";

export function entryOf(
  project: Project,
  id: string,
  more: { danger?: boolean; checked?: boolean; label?: string; focuses?: boolean } = {},
): MenuEntry {
  const { title, icon, keys, enabled, run } = actionOf(id);
  return { label: title, icon, keys: keys[0], disabled: !enabled(project), run: () => run(project), ...more };
}

/** The context menu of nodes, in outliner and viewport alike. */
export function sceneMenu(project: Project): MenuEntry[] {
  const { selection } = local();
  const entry = (id: string, more = {}) => entryOf(project, id, more);
  if (!selection.length) return [entry("import"), entry("add-group"), "-", entry("select-all"), entry("frame-all")];
  const nodes = selection.flatMap((id) => project.store.node(id) ?? []);
  const visible = nodes.some((node) => node.visible);
  const locked = nodes.every((node) => node.locked);
  return [
    entry("frame"),
    entry("rename", { focuses: true }),
    entry("duplicate"),
    entry("group"),
    "-",
    entry("hide", { label: visible ? "Hide" : "Show" }),
    entry("lock", { label: locked ? "Unlock" : "Lock" }),
    "-",
    entry("export", { label: "Export the selection…" }),
    "-",
    entry("trash", { danger: true }),
  ];
}
