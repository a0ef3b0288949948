import { sceneMenu } from "@editor/commands/menus";
import { beginRename } from "@editor/commands/rename";
import { cn } from "@editor/lib/cn";
import { local, useLocal } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { AddMenu } from "@editor/topbar/add-menu";
import { Button, IconButton } from "@editor/ui/button";
import { Empty } from "@editor/ui/feedback";
import { CONTROL } from "@editor/ui/field";
import { Context } from "@editor/ui/menu";
import { FolderTree, Search, X } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useRef, useState } from "react";
import { type Drop, ROW_HEIGHT } from "./drop";
import { clickSelection, navigate } from "./navigate";
import { Row, rowId } from "./row";
import { ancestorsOf, type OutlineRow } from "./rows";
import { Trash } from "./trash";
import { useDrag } from "./use-drag";
import { useRows } from "./use-rows";
import { useWindow } from "./use-window";

export function Outliner() {
  const [filter, setFilter] = useState("");
  const rows = useRows(filter);
  return (
    <nav aria-label="Outliner" data-testid="outliner" className="flex min-h-0 flex-1 flex-col">
      <header className="flex items-center gap-1 p-2">
        <label className="relative flex-1">
          <span className="sr-only">Filter nodes by name</span>
          <Search size={13} aria-hidden className="absolute top-1.5 left-1.5 text-faint" />
          <input
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && setFilter("")}
            placeholder="Filter"
            className={cn(CONTROL, "h-7 pl-6")}
          />
          {filter && (
            <IconButton
              icon={X}
              small
              label="Clear the filter"
              onClick={() => setFilter("")}
              className="absolute top-0.5 right-0.5"
            />
          )}
        </label>
        <AddMenu />
      </header>
      {rows.length ? <Tree rows={rows} /> : <Nothing filter={filter} onClear={() => setFilter("")} />}
      <Trash />
    </nav>
  );
}

function Nothing({ filter, onClear }: { filter: string; onClear(): void }) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      {filter ? (
        <Empty icon={Search} title={`Nothing is called “${filter}”`}>
          <Button onClick={onClear}>Clear the filter</Button>
        </Empty>
      ) : (
        <Empty icon={FolderTree} title="An empty scene">
          <p>What you import or add with + is listed here.</p>
        </Empty>
      )}
    </div>
  );
}

function Tree({ rows }: { rows: readonly OutlineRow[] }) {
  const project = useProject();
  const scroller = useRef<HTMLDivElement>(null);
  const selection = useLocal((state) => state.selection);
  const { first, last, reveal } = useWindow(scroller, rows.length);
  const { drop, onPointerDown, wasDragged } = useDrag(scroller, rows);
  const cursor = selection.at(-1);
  const newest = useRef(rows);
  newest.current = rows;
  useReveal(rows, reveal);

  const onClick = useCallback(
    (event: MouseEvent, id: string) => {
      if (wasDragged()) return;
      if (!local().renaming) scroller.current?.focus({ preventScroll: true });
      const keys = { shift: event.shiftKey, toggle: event.ctrlKey || event.metaKey };
      const { ids, anchor } = clickSelection(newest.current, id, keys);
      local().select(ids, anchor);
    },
    [wasDragged],
  );
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") beginRename(project, cursor);
    if (navigate(project.store, rows, event.key, event.shiftKey) || event.key === "Enter") event.preventDefault();
  };
  return (
    <Context entries={() => sceneMenu(project)}>
      <div
        ref={scroller}
        role="tree"
        aria-label="Scene"
        aria-multiselectable
        {...(cursor && rows.some((row) => row.id === cursor) && { "aria-activedescendant": rowId(cursor) })}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onContextMenu={(event) => selectUnder(event)}
        onClick={(event) => {
          if (event.target === event.currentTarget || event.target === event.currentTarget.firstElementChild)
            local().select([]);
        }}
        className={cn(
          "group/tree relative min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]",
          cursor && "outline-none",
        )}
      >
        <div role="presentation" className="relative" style={{ height: rows.length * ROW_HEIGHT + 8 }}>
          {rows.slice(first, last).map((row, i) => (
            <Row
              key={row.id}
              row={row}
              index={first + i}
              selected={selection.includes(row.id)}
              cursor={row.id === cursor}
              target={drop?.mark.kind === "into" && drop.mark.index === first + i}
              onPointerDown={onPointerDown}
              onClick={onClick}
            />
          ))}
          <DropLine drop={drop} />
        </div>
      </div>
    </Context>
  );
}

/** A context click on a row outside of the selection selects it first. */
function selectUnder(event: MouseEvent): void {
  const id = (event.target as HTMLElement).closest<HTMLElement>("[data-node-id]")?.dataset.nodeId;
  if (id && !local().selection.includes(id)) local().select([id]);
}

function DropLine({ drop }: { drop: Drop | null }) {
  if (drop?.mark.kind !== "line") return null;
  const { index, depth } = drop.mark;
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute right-1 h-0.5 rounded-full bg-accent"
      style={{ top: Math.max(0, index * ROW_HEIGHT - 1), left: 10 + depth * 14 }}
    />
  );
}

/** What was selected elsewhere is opened and brought into sight here. */
function useReveal(rows: readonly OutlineRow[], reveal: (index: number) => void): void {
  const { store } = useProject();
  const cursor = useLocal((state) => state.selection.at(-1));
  const done = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (done.current === cursor) return;
    if (!cursor) {
      done.current = cursor;
      return;
    }
    const closed = ancestorsOf(store, cursor).filter((id) => !local().expanded.has(id));
    if (closed.length) local().expand(closed, true);
    const index = rows.findIndex((row) => row.id === cursor);
    if (index < 0) return;
    done.current = cursor;
    reveal(index);
  }, [store, cursor, rows, reveal]);
}
