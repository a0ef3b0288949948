/** What tests and the editor read from the canvas after a frame. */
import type { SceneContent } from "./content";

export interface Frame {
  /** The store's, as drawn. */
  readonly version: number;
  readonly content: SceneContent;
  readonly flying: boolean;
  /** Another frame follows by itself. */
  readonly more: boolean;
}

/** Writes the revision on the screen, its triangles and levels; returns whether nothing is still to come. */
export function report({ dataset }: HTMLCanvasElement, { version, content, flying, more }: Frame): boolean {
  const levels = new Set<number>();
  for (const drawable of content.objects.drawables.values()) {
    if (drawable.visible) levels.add(drawable.drawn?.level ?? -1);
  }
  const settled = !more && !flying && content.stream.pending === 0;
  dataset.revision = String(version);
  dataset.triangles = String(content.triangles);
  dataset.level = [...levels].sort((a, b) => a - b).join(",");
  dataset.loading = String(content.stream.pending);
  dataset.moving = String(flying);
  dataset.settled = String(settled);
  return settled;
}
