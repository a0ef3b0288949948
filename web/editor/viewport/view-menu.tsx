import { entryOf } from "@editor/commands/menus";
import { useLocal } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { Button } from "@editor/ui/button";
import { Dropdown, type MenuEntry } from "@editor/ui/menu";
import { ChevronDown, Eye } from "lucide-react";

const NAMES = { shaded: "Shaded", solid: "Clay", wireframe: "Wireframe", normals: "Normals" } as const;
const SIDES = ["perspective", "front", "right", "top", "back", "left", "bottom"] as const;

/** How the scene is shown: shading, grid, standard views. */
export function ViewMenu() {
  const project = useProject();
  const shading = useLocal((local) => local.shading);
  const grid = useLocal((local) => local.grid);
  const entries: MenuEntry[] = [
    ...(Object.keys(NAMES) as (keyof typeof NAMES)[]).map((id) =>
      entryOf(project, `shading-${id}`, { checked: shading === id }),
    ),
    "-",
    entryOf(project, "grid", { checked: grid, label: "Grid" }),
    "-",
    ...SIDES.map((side) => entryOf(project, `view-${side}`)),
    "-",
    entryOf(project, "frame"),
    entryOf(project, "frame-all"),
  ];
  return (
    <div className="absolute top-2 right-2">
      <Dropdown
        align="end"
        entries={entries}
        trigger={
          <Button icon={Eye} aria-label={`View: ${NAMES[shading]}`} className="bg-panel/85">
            {NAMES[shading]}
            <ChevronDown size={12} aria-hidden className="text-faint" />
          </Button>
        }
      />
    </div>
  );
}
