import { moveNodes } from "@editor/commands/move";
import { local } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { canEdit } from "@editor/state/status";
import { type PointerEvent, type RefObject, useCallback, useRef, useState } from "react";
import { type Drop, dropAt } from "./drop";
import { type OutlineRow, topmost } from "./rows";

/** Dragging rows with the pointer: gives the place that is aimed at, and moves on release. */
export function useDrag(scroller: RefObject<HTMLElement | null>, rows: readonly OutlineRow[]) {
  const project = useProject();
  const [drop, setDrop] = useState<Drop | null>(null);
  const dragged = useRef(false);
  const newest = useRef(rows);
  newest.current = rows;

  const onPointerDown = useCallback(
    (down: PointerEvent, id: string) => {
      dragged.current = false;
      if (down.button !== 0 || down.pointerType === "touch" || !canEdit(project)) return;
      const drag = { ids: [] as string[], drop: null as Drop | null };
      const move = (event: globalThis.PointerEvent) => {
        if (!drag.ids.length && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < 5) return;
        if (!drag.ids.length) drag.ids = begin(id);
        dragged.current = true;
        drag.drop = aim(event);
        setDrop(drag.drop);
      };
      const begin = (first: string) => {
        if (!local().selection.includes(first)) local().select([first]);
        document.body.style.cursor = "grabbing";
        return topmost(project.store, local().selection);
      };
      const aim = (event: globalThis.PointerEvent) => {
        const box = scroller.current?.getBoundingClientRect();
        if (!scroller.current || !box) return null;
        if (event.clientY < box.top + 20) scroller.current.scrollTop -= 12;
        if (event.clientY > box.bottom - 20) scroller.current.scrollTop += 12;
        const y = event.clientY - box.top + scroller.current.scrollTop;
        return dropAt(project.store, newest.current, drag.ids, Math.max(0, y));
      };
      const finish = () => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", release);
        removeEventListener("pointercancel", finish);
        removeEventListener("keydown", abandon, true);
        document.body.style.cursor = "";
        setDrop(null);
      };
      const release = () => {
        finish();
        if (drag.drop) moveNodes(project, drag.ids, drag.drop.parent, drag.drop.before);
      };
      const abandon = (event: KeyboardEvent) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        finish();
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", release);
      addEventListener("pointercancel", finish);
      addEventListener("keydown", abandon, true);
    },
    [project, scroller],
  );
  /** True once after a drag: the click that ends it selects nothing. */
  const wasDragged = useCallback(() => {
    const was = dragged.current;
    dragged.current = false;
    return was;
  }, []);
  return { drop, onPointerDown, wasDragged };
}
