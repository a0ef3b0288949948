import type { Project } from "@core/project";
import { toWorld } from "@editor/lib/world";
import { viewport } from "@editor/state/viewport";

/** Stands where a camera node stands and looks where it looks, as far ahead as the view looked before. */
export function lookThrough(project: Project, node: string): void {
  const view = viewport();
  if (!view) return;
  const { position: from, target: to } = view.camera;
  const ahead = Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
  const position = toWorld(project.store, node, [0, 0, 0]);
  const front = toWorld(project.store, node, [0, 0, -1]);
  const way = front.map((c, i) => c - (position[i] ?? 0));
  const scale = ahead / (Math.hypot(...way) || 1);
  const target = position.map((c, i) => c + (way[i] ?? 0) * scale) as unknown as typeof position;
  view.camera = { position, target };
}
