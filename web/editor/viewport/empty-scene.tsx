import { addShape } from "@editor/commands/add-shape";
import { pickAndImport } from "@editor/commands/import-files";
import { type JobView, useActiveJob, useJobs } from "@editor/state/jobs";
import { useProject, useRoots } from "@editor/state/project";
import { useCanEdit, useReady } from "@editor/state/status";
import { Button } from "@editor/ui/button";
import { PackageOpen } from "lucide-react";

const isImport = (job: JobView) => job.op === "import";

/** What to do first in a scene without anything. */
export function EmptyScene() {
  const project = useProject();
  const roots = useRoots();
  const ready = useReady();
  const editable = useCanEdit();
  const uploading = useJobs((jobs) => jobs.uploads.length > 0);
  const importing = useActiveJob(isImport) !== undefined;
  if (roots.length || importing || !ready || !editable || uploading) return null;
  return (
    <section aria-label="Getting started" className="pointer-events-none absolute inset-0 grid place-items-center p-4">
      <div className="pointer-events-auto flex max-w-xs animate-fade flex-col items-center gap-2 rounded-xl border border-dashed border-edge bg-panel/90 p-6 text-center">
        <PackageOpen size={26} strokeWidth={1.5} className="text-accent" aria-hidden />
        <h2 className="text-lg font-semibold">Drop a model here</h2>
        <p className="text-muted">GLB, glTF, OBJ, STL, PLY or 3MF, with textures, as files, a folder or a zip.</p>
        <div className="mt-2 flex gap-2">
          <Button tone="primary" onClick={() => pickAndImport(project)}>
            Choose files…
          </Button>
          <Button onClick={() => void addShape(project, "Box")}>Add a box</Button>
        </div>
      </div>
    </section>
  );
}
