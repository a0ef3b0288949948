import { gridScale } from "@core/view/grid";
import type { CameraPose } from "@core/view/view";
import { bytes, count, length } from "@editor/lib/format";
import { useLocal } from "@editor/state/local";
import { useViewStats, viewport } from "@editor/state/viewport";
import { Spinner } from "@editor/ui/feedback";

/** The finest lines that can still be seen well. */
function cellOf(camera: CameraPose): number {
  const { cell, fade } = gridScale(camera);
  return fade < 0.5 ? cell : cell * 10;
}

/** What the viewport draws at the moment. */
export function StatusLine() {
  const stats = useViewStats((state) => state.stats);
  const grid = useLocal((state) => state.grid);
  const view = viewport();
  if (!stats || !view) return null;
  return (
    <p
      className="ml-auto flex items-center gap-3 rounded-md bg-panel/85 px-2 py-1 text-xs text-muted select-none"
      data-testid="view-stats"
    >
      {stats.loading > 0 && <Spinner label={`Loading ${stats.loading}`} />}
      {grid && <span title="Distance of the grid's lines">Grid {length(cellOf(view.camera))}</span>}
      <span>{count(stats.triangles)} triangles</span>
      <span className="max-sm:hidden" title="Geometry on the graphics card">
        {bytes(stats.gpuBytes)}
      </span>
    </p>
  );
}
