/** Everything that a menu, a shortcut or the palette can do to the scene or the window. */

import type { Project } from "@core/project";
import type { Shading, Side, Tool } from "@core/view/view";
import { local } from "@editor/state/local";
import { canEdit } from "@editor/state/status";
import { viewport } from "@editor/state/viewport";
import {
  Axis3d,
  Box,
  Camera,
  Circle,
  Copy,
  Download,
  Eye,
  EyeOff,
  Folder,
  FolderPlus,
  Grid3x3,
  Keyboard,
  Lightbulb,
  Lock,
  type LucideIcon,
  Magnet,
  Maximize,
  MousePointer2,
  Move,
  PenLine,
  Redo2,
  RotateCw,
  Scaling,
  Search,
  SquareDashedMousePointer,
  Sun,
  Trash2,
  Undo2,
  Upload,
  Video,
} from "lucide-react";
import { addCameraNode, addGroup, addLightNode } from "./add-node";
import { addShape, type ShapeName } from "./add-shape";
import { duplicateNodes } from "./duplicate";
import { redo, undo } from "./history";
import { pickAndImport } from "./import-files";
import { groupNodes } from "./move";
import { beginRename } from "./rename";
import { selectAll } from "./select";
import { trashNodes } from "./trash";
import { setLocked, toggleVisible } from "./visibility";

export type ActionGroup = "Edit" | "Select" | "Tools" | "Add" | "View" | "File" | "Help";

export interface Action {
  readonly id: string;
  readonly title: string;
  readonly group: ActionGroup;
  readonly icon: LucideIcon;
  /** The first is the one that menus show. */
  readonly keys: readonly string[];
  enabled(project: Project): boolean;
  run(project: Project): void;
}

type Options = { keys?: string[]; enabled?: (project: Project) => boolean };

function action(
  group: ActionGroup,
  id: string,
  title: string,
  icon: LucideIcon,
  run: (project: Project) => void,
  { keys = [], enabled = () => true }: Options = {},
): Action {
  return { id, title, group, icon, keys, run, enabled };
}

/** Rests where one may only look. */
function editing(entry: Action): Action {
  return { ...entry, enabled: (project) => canEdit(project) && entry.enabled(project) };
}

const selected = () => local().selection;
const some = { enabled: () => selected().length > 0 };

const EDIT: Action[] = [
  action("Edit", "undo", "Undo", Undo2, undo, { keys: ["Mod+Z"], enabled: (project) => project.history.canUndo }),
  action("Edit", "redo", "Redo", Redo2, redo, {
    keys: ["Mod+Shift+Z", "Mod+Y"],
    enabled: (project) => project.history.canRedo,
  }),
  action("Edit", "duplicate", "Duplicate", Copy, (project) => duplicateNodes(project, selected()), {
    keys: ["Mod+D"],
    ...some,
  }),
  action("Edit", "group", "Group", FolderPlus, (project) => groupNodes(project, selected()), {
    keys: ["Mod+G"],
    ...some,
  }),
  action("Edit", "rename", "Rename", PenLine, (project) => beginRename(project, selected().at(-1)), {
    keys: ["F2"],
    ...some,
  }),
  action("Edit", "hide", "Hide or show", EyeOff, (project) => toggleVisible(project, selected()), {
    keys: ["H"],
    ...some,
  }),
  action("Edit", "lock", "Lock or unlock", Lock, toggleLock, { keys: ["L"], ...some }),
  action("Edit", "trash", "Delete", Trash2, (project) => trashNodes(project, selected()), {
    keys: ["Delete"],
    ...some,
  }),
];

function toggleLock(project: Project): void {
  setLocked(project, selected(), !selected().every((id) => project.store.node(id)?.locked));
}

const SELECT: Action[] = [
  action("Select", "select-all", "Select all", SquareDashedMousePointer, selectAll, { keys: ["Mod+A"] }),
  action("Select", "deselect", "Select nothing", MousePointer2, backOut, { keys: ["Escape"] }),
];

/** A drag is cancelled first; only then the selection goes. */
function backOut(): void {
  if (!viewport()?.cancel()) local().select([]);
}

export const TOOLS: readonly { tool: Tool; title: string; icon: LucideIcon; keys: string[] }[] = [
  { tool: "select", title: "Select", icon: MousePointer2, keys: ["Q"] },
  { tool: "translate", title: "Move", icon: Move, keys: ["W", "G"] },
  { tool: "rotate", title: "Rotate", icon: RotateCw, keys: ["E"] },
  { tool: "scale", title: "Scale", icon: Scaling, keys: ["R", "S"] },
];

const TOOL_ACTIONS: Action[] = [
  ...TOOLS.map(({ tool, title, icon, keys }) =>
    action("Tools", `tool-${tool}`, `${title} tool`, icon, () => local().set({ tool }), { keys }),
  ),
  action("Tools", "snap", "Snapping on or off", Magnet, () => local().set({ snapping: !local().snapping }), {
    keys: ["N"],
  }),
  action(
    "Tools",
    "space",
    "World or local axes",
    Axis3d,
    () => local().set({ space: local().space === "world" ? "local" : "world" }),
    {
      keys: ["X"],
    },
  ),
];

const shape = (name: ShapeName, icon: LucideIcon) =>
  action("Add", `add-${name.toLowerCase()}`, name, icon, (project) => void addShape(project, name));

const ADD: Action[] = [
  action("Add", "add-group", "Empty group", Folder, addGroup),
  shape("Box", Box),
  shape("Sphere", Circle),
  shape("Cylinder", Box),
  shape("Plane", Grid3x3),
  shape("Torus", Circle),
  action("Add", "add-point", "Point light", Lightbulb, (project) => addLightNode(project, "point")),
  action("Add", "add-spot", "Spot light", Lightbulb, (project) => addLightNode(project, "spot")),
  action("Add", "add-sun", "Directional light", Sun, (project) => addLightNode(project, "directional")),
  action("Add", "add-camera", "Camera", Video, addCameraNode),
];

const side = (id: Side, title: string, keys: string[]) =>
  action("View", `view-${id}`, title, Camera, () => viewport()?.viewFrom(id), { keys });
const shading = (id: Shading, title: string) =>
  action("View", `shading-${id}`, title, Eye, () => local().set({ shading: id }));

const VIEW: Action[] = [
  action("View", "frame", "Frame the selection", Maximize, () => viewport()?.frame(selected()), { keys: ["F"] }),
  action("View", "frame-all", "Frame everything", Maximize, () => viewport()?.frame([]), { keys: ["Shift+F", "Home"] }),
  action("View", "grid", "Grid on or off", Grid3x3, () => local().set({ grid: !local().grid }), { keys: ["Shift+G"] }),
  side("front", "View from the front", ["1"]),
  side("right", "View from the right", ["3"]),
  side("top", "View from above", ["7"]),
  side("back", "View from behind", []),
  side("left", "View from the left", []),
  side("bottom", "View from below", []),
  side("perspective", "View in perspective", ["0"]),
  shading("shaded", "Shaded"),
  shading("solid", "Clay"),
  shading("wireframe", "Wireframe"),
  shading("normals", "Normals"),
];

const FILE: Action[] = [
  editing(action("File", "import", "Import files…", Upload, pickAndImport, { keys: ["Mod+I"] })),
  action("File", "export", "Export…", Download, () => local().set({ dialog: { kind: "export" } }), { keys: ["Mod+E"] }),
  action("Help", "palette", "Search commands", Search, () => local().set({ dialog: { kind: "palette" } }), {
    keys: ["Mod+K"],
  }),
  action("Help", "shortcuts", "Keyboard shortcuts", Keyboard, () => local().set({ dialog: { kind: "shortcuts" } }), {
    keys: ["?"],
  }),
];

export const ACTIONS: readonly Action[] = [
  ...EDIT.map(editing),
  ...SELECT,
  ...TOOL_ACTIONS,
  ...ADD.map(editing),
  ...VIEW,
  ...FILE,
];

const BY_ID = new Map(ACTIONS.map((entry) => [entry.id, entry]));
const BY_KEYS = new Map(ACTIONS.flatMap((entry) => entry.keys.map((keys) => [keys, entry] as const)));

export function actionOf(id: string): Action {
  const found = BY_ID.get(id);
  if (!found) throw new Error(`there is no action ${id}`);
  return found;
}

export function actionFor(shortcut: string): Action | undefined {
  return BY_KEYS.get(shortcut);
}
