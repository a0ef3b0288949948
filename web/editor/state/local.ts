/** What is only this window's business: selection, tool, open panels. Never the scene. */

import type { Shading, Space, Tool } from "@core/view/view";
import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Drawer = "outliner" | "inspector" | null;

export type DialogState =
  | { kind: "palette" }
  | { kind: "shortcuts" }
  | { kind: "identity" }
  | { kind: "export" }
  | { kind: "share" }
  | { kind: "report"; job: string };

export interface SnapSteps {
  translate: number;
  /** Degrees. */
  rotate: number;
  scale: number;
}

interface Local {
  selection: readonly string[];
  /** The end that Shift-selection starts from. */
  anchor: string | null;
  tool: Tool;
  space: Space;
  snapping: boolean;
  snap: SnapSteps;
  grid: boolean;
  shading: Shading;
  level: "auto" | number;
  /** Triangles drawn at most while levels are chosen automatically. */
  budget: number;
  expanded: ReadonlySet<string>;
  folded: ReadonlySet<string>;
  renaming: string | null;
  drawer: Drawer;
  dialog: DialogState | null;

  select(ids: readonly string[], anchor?: string | null): void;
  set(fields: Partial<Omit<Local, "set" | "select" | "fold" | "expand">>): void;
  fold(section: string): void;
  expand(ids: readonly string[], open: boolean): void;
}

const KEPT = ["space", "snapping", "snap", "grid", "budget", "folded"] as const;

export const useLocal = create<Local>()(
  persist(
    (set, get) => ({
      selection: [],
      anchor: null,
      tool: "translate",
      space: "world",
      snapping: false,
      snap: { translate: 0.1, rotate: 15, scale: 0.1 },
      grid: true,
      shading: "shaded",
      level: "auto",
      budget: 2_000_000,
      expanded: new Set<string>(),
      folded: new Set<string>(["node-data"]),
      renaming: null,
      drawer: null,
      dialog: null,

      select: (ids, anchor = ids.at(-1) ?? null) => {
        const unique = [...new Set(ids)];
        if (unique.join() !== get().selection.join()) set({ selection: unique });
        set({ anchor });
      },
      set,
      fold: (section) => set({ folded: toggled(get().folded, section) }),
      expand: (ids, open) => {
        const expanded = new Set(get().expanded);
        for (const id of ids) open ? expanded.add(id) : expanded.delete(id);
        set({ expanded });
      },
    }),
    {
      name: "maquette.local",
      partialize: (state) => {
        const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
        return { ...kept, folded: [...state.folded] } as unknown as Local;
      },
      merge: (stored, state) => {
        const kept = (stored ?? {}) as Partial<Omit<Local, "folded">> & { folded?: string[] };
        return { ...state, ...kept, folded: new Set(kept.folded ?? state.folded) };
      },
    },
  ),
);

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}

export const local = () => useLocal.getState();

/** What another project must not inherit. */
export function forgetProject(): void {
  useLocal.setState({
    selection: [],
    anchor: null,
    expanded: new Set(),
    renaming: null,
    drawer: null,
    dialog: null,
    level: "auto",
  });
}
