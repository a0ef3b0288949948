import { bytes, count } from "@editor/lib/format";
import { useViewStats } from "@editor/state/viewport";
import { Spinner } from "@editor/ui/feedback";

/** What the viewport draws at the moment. */
export function StatusLine() {
  const stats = useViewStats((state) => state.stats);
  if (!stats) return null;
  return (
    <p
      className="ml-auto flex items-center gap-3 rounded-md bg-panel/85 px-2 py-1 text-xs text-muted select-none"
      data-testid="view-stats"
    >
      {stats.loading > 0 && <Spinner label={`Loading ${stats.loading}`} />}
      <span>{count(stats.triangles)} triangles</span>
      <span className="max-sm:hidden">{bytes(stats.gpuBytes)}</span>
    </p>
  );
}
