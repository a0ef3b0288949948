import type { NodeSnapshot } from "@core/store";
import { beginRename, rename } from "@editor/commands/rename";
import { setLocked, setVisible } from "@editor/commands/visibility";
import { cn } from "@editor/lib/cn";
import { local, useLocal } from "@editor/state/local";
import { useSelectors } from "@editor/state/people";
import { useNode, useProject } from "@editor/state/project";
import { Editable } from "@editor/ui/editable";
import {
  Box,
  ChevronRight,
  Eye,
  EyeOff,
  Folder,
  Lightbulb,
  Lock,
  LockOpen,
  type LucideIcon,
  Video,
} from "lucide-react";
import { type KeyboardEvent, type MouseEvent, memo, type PointerEvent, useState } from "react";
import { ROW_HEIGHT } from "./drop";
import type { OutlineRow } from "./rows";

interface RowProps {
  row: OutlineRow;
  index: number;
  selected: boolean;
  cursor: boolean;
  target: boolean;
  onPointerDown(event: PointerEvent, id: string): void;
  onClick(event: MouseEvent, id: string): void;
}

export const rowId = (id: string) => `outline-${id}`;

export const Row = memo(function Row({ row, index, selected, cursor, target, onPointerDown, onClick }: RowProps) {
  const project = useProject();
  const node = useNode(row.id);
  const renaming = useLocal((state) => state.renaming === row.id);
  if (!node) return null;
  return (
    <div
      id={rowId(row.id)}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-selected={selected}
      aria-label={node.name || "Unnamed"}
      {...(row.open !== null && { "aria-expanded": row.open })}
      tabIndex={-1}
      data-testid="outliner-row"
      data-node-id={row.id}
      onPointerDown={(event) => onPointerDown(event, row.id)}
      onClick={(event) => onClick(event, row.id)}
      onDoubleClick={() => beginRename(project, row.id)}
      onKeyDown={() => undefined}
      className={cn(
        "group absolute inset-x-1 flex items-center gap-1 rounded-md pr-1 outline-none select-none",
        selected ? "bg-accent-deep" : "hover:bg-raised",
        cursor &&
          "group-focus-visible/tree:ring-1 group-focus-visible/tree:ring-accent group-focus-visible/tree:ring-inset",
        target && "ring-2 ring-accent ring-inset",
        (node.hidden || row.passing) && (selected ? "text-muted" : "text-faint"),
      )}
      style={{ top: index * ROW_HEIGHT, height: ROW_HEIGHT, paddingLeft: 4 + row.depth * 14 }}
    >
      <Twist row={row} />
      <Kind node={node} />
      {renaming ? <NameInput node={node} /> : <span className="min-w-0 flex-1 truncate">{node.name || "Unnamed"}</span>}
      <Others id={row.id} />
      <Editable>
        <Toggles node={node} />
      </Editable>
    </div>
  );
});

function Twist({ row }: { row: OutlineRow }) {
  if (row.open === null) return <span className="w-4 shrink-0" />;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={row.open ? "Close" : "Open"}
      className="grid size-4 shrink-0 place-items-center rounded-sm text-faint hover:text-ink"
      onPointerDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onClick={(event) => {
        event.stopPropagation();
        local().expand([row.id], !row.open);
      }}
    >
      <ChevronRight size={12} aria-hidden className={cn("transition-transform", row.open && "rotate-90")} />
    </button>
  );
}

export function kindOf(node: NodeSnapshot): { icon: LucideIcon; label: string } {
  if (node.mesh) return { icon: Box, label: "Mesh" };
  if (node.light) return { icon: Lightbulb, label: "Light" };
  return node.camera ? { icon: Video, label: "Camera" } : { icon: Folder, label: "Group" };
}

function Kind({ node }: { node: NodeSnapshot }) {
  const { icon: Icon } = kindOf(node);
  return (
    <Icon
      size={14}
      strokeWidth={1.75}
      aria-hidden
      className={cn("shrink-0", node.mesh ? "text-accent" : "text-faint")}
    />
  );
}

function NameInput({ node }: { node: NodeSnapshot }) {
  const project = useProject();
  const [name, setName] = useState(node.name);
  const finish = (commit: boolean) => {
    if (local().renaming !== node.id) return;
    if (commit && name.trim() && name !== node.name) rename(project, node.id, name.trim());
    local().set({ renaming: null });
    document.querySelector<HTMLElement>("[role=tree]")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
  };
  return (
    <input
      aria-label="Name"
      value={name}
      maxLength={256}
      ref={(input) => {
        if (!input || document.activeElement === input) return;
        input.focus();
        input.select();
      }}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      className="h-5 min-w-0 flex-1 rounded-sm border border-accent bg-field px-1 outline-none"
    />
  );
}

/** Dots of the people who have selected this node. */
function Others({ id }: { id: string }) {
  const people = useSelectors(id);
  return people.map((person) => (
    <span
      key={person.client}
      title={person.user.name}
      className="size-2 shrink-0 rounded-full"
      style={{ background: person.user.color }}
    />
  ));
}

function Toggles({ node }: { node: NodeSnapshot }) {
  const project = useProject();
  return (
    <>
      <Toggle
        icon={node.locked ? Lock : LockOpen}
        label={node.locked ? "Unlock" : "Lock"}
        on={node.locked}
        onToggle={() => setLocked(project, [node.id], !node.locked)}
      />
      <Toggle
        icon={node.visible ? Eye : EyeOff}
        label={node.visible ? "Hide" : "Show"}
        on={!node.visible}
        onToggle={() => setVisible(project, [node.id], !node.visible)}
      />
    </>
  );
}

function Toggle({
  icon: Icon,
  label,
  on,
  onToggle,
}: {
  icon: LucideIcon;
  label: string;
  on: boolean;
  onToggle(): void;
}) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={label}
      aria-pressed={on}
      title={label}
      onPointerDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
      className={cn(
        "grid size-5 shrink-0 place-items-center rounded-sm hover:bg-hover hover:text-ink focus-visible:opacity-100 disabled:pointer-events-none",
        on ? "text-ink" : "text-faint opacity-0 group-hover:opacity-100 pointer-coarse:opacity-100",
      )}
    >
      <Icon size={13} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
