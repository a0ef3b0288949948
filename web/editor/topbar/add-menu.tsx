import { entryOf } from "@editor/commands/menus";
import { useProject } from "@editor/state/project";
import { useWhyNot } from "@editor/state/status";
import { IconButton } from "@editor/ui/button";
import { Dropdown, type MenuEntry } from "@editor/ui/menu";
import { Plus } from "lucide-react";

const GROUPS = [
  ["add-group"],
  ["add-box", "add-sphere", "add-cylinder", "add-plane", "add-torus"],
  ["add-point", "add-spot", "add-sun", "add-camera"],
  ["import"],
] as const;

export function AddMenu() {
  const project = useProject();
  const whyNot = useWhyNot();
  const entries = GROUPS.flatMap((ids, i): MenuEntry[] => [
    ...(i ? ["-" as const] : []),
    ...ids.map((id) => entryOf(project, id)),
  ]);
  return (
    <Dropdown entries={entries} trigger={<IconButton icon={Plus} label="Add" reason={whyNot} data-testid="add" />} />
  );
}
