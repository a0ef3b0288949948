import { restoreNodes } from "@editor/commands/trash";
import { cn } from "@editor/lib/cn";
import { ago, count } from "@editor/lib/format";
import { useLocal } from "@editor/state/local";
import { useNode, useProject, useTrash } from "@editor/state/project";
import { useCanEdit } from "@editor/state/status";
import { IconButton } from "@editor/ui/button";
import { ArchiveRestore, ChevronRight, Trash2 } from "lucide-react";

/** The trash of the scene: nothing is ever removed, so everything can come back. */
export function Trash() {
  const ids = useTrash();
  const open = useLocal((local) => local.folded.has("trash-open"));
  const fold = useLocal((local) => local.fold);
  if (!ids.length) return null;
  return (
    <section aria-label="Trash" data-testid="trash" className="border-t border-line">
      <h2>
        <button
          type="button"
          aria-expanded={open}
          onClick={() => fold("trash-open")}
          className="flex h-8 w-full items-center gap-1.5 px-3 text-left text-muted outline-offset-[-2px] hover:text-ink"
        >
          <ChevronRight size={12} aria-hidden className={cn("transition-transform", open && "rotate-90")} />
          <Trash2 size={13} aria-hidden /> Trash
          <span className="text-faint">{count(ids.length)}</span>
        </button>
      </h2>
      {open && (
        <ul className="max-h-52 overflow-y-auto pb-1">
          {ids.slice(0, 200).map((id) => (
            <TrashRow key={id} id={id} />
          ))}
        </ul>
      )}
    </section>
  );
}

function TrashRow({ id }: { id: string }) {
  const project = useProject();
  const node = useNode(id);
  const editable = useCanEdit();
  if (!node) return null;
  const name = node.name || "Unnamed";
  return (
    <li
      data-testid="trash-row"
      data-node-id={id}
      className="flex h-7 items-center gap-2 pr-2 pl-7 text-muted hover:bg-raised"
    >
      <span className="min-w-0 flex-1 truncate">{name}</span>
      {node.trashed && <span className="text-xs text-faint">{ago(node.trashed.at, Date.now())}</span>}
      <IconButton
        icon={ArchiveRestore}
        disabled={!editable}
        small
        label={`Restore ${name}`}
        side="right"
        onClick={() => restoreNodes(project, [id])}
      />
    </li>
  );
}
