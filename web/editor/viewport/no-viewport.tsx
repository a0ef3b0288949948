import { Button } from "@editor/ui/button";
import { MonitorX } from "lucide-react";

/** In place of the viewport when it cannot be made: mostly a browser without WebGL 2. */
export function NoViewport({ error, onRetry }: { error: Error; onRetry(): void }) {
  return (
    <div role="alert" className="grid h-full place-items-center bg-ground p-6">
      <div className="flex max-w-sm flex-col items-center gap-2 text-center text-muted">
        <MonitorX size={26} strokeWidth={1.5} className="text-warn" aria-hidden />
        <h2 className="text-lg font-semibold text-ink">The 3D view could not start</h2>
        <p>It needs WebGL 2, which this browser or its graphics driver may have switched off. Everything else works.</p>
        <p className="font-mono text-xs text-faint">{error.message}</p>
        <Button className="mt-1" onClick={onRetry}>
          Try again
        </Button>
      </div>
    </div>
  );
}
