/** The one 3D view of this window, for commands that frame, orbit or take a picture. */
import type { SceneView, ViewStats } from "@core/view/view";
import { create } from "zustand";

let current: SceneView | null = null;

export function viewport(): SceneView | null {
  return current;
}

export function setViewport(view: SceneView | null): void {
  current = view;
}

/** Numbers of the last frames; apart from the view so that only the status line renders again. */
export const useViewStats = create<{ stats: ViewStats | null }>(() => ({ stats: null }));
