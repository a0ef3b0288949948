import { ago } from "@editor/lib/format";
import { restore, useProjects } from "@editor/state/projects";
import { Button } from "@editor/ui/button";
import { Empty } from "@editor/ui/feedback";
import { ArchiveRestore, Trash2 } from "lucide-react";

export function TrashList({ now }: { now: number }) {
  const trashed = useProjects((state) => state.trashed);
  if (!trashed.length) {
    return (
      <Empty icon={Trash2} title="The trash is empty">
        <p>Deleted projects wait here and can be restored.</p>
      </Empty>
    );
  }
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-panel">
      {trashed.map((project) => (
        <li key={project.id} data-testid="trashed-project" className="flex h-11 items-center gap-3 pr-2 pl-3">
          <span className="min-w-0 flex-1 truncate text-base">{project.name || "Untitled"}</span>
          <span className="text-muted max-sm:hidden">Changed {ago(project.changed, now)}</span>
          <Button icon={ArchiveRestore} onClick={() => void restore(project)}>
            Restore
          </Button>
        </li>
      ))}
    </ul>
  );
}
