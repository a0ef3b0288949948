import { type RefObject, useCallback, useLayoutEffect, useState } from "react";
import { ROW_HEIGHT } from "./drop";

const OVERSCAN = 8;

/** Which rows of a long list are in sight. */
export function useWindow(scroller: RefObject<HTMLElement | null>, total: number) {
  const [view, setView] = useState({ top: 0, height: 600 });
  const measure = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop: top, clientHeight: height } = element;
    setView((old) => (old.top === top && old.height === height ? old : { top, height }));
  }, [scroller]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [scroller, measure]);
  const first = Math.max(0, Math.floor(view.top / ROW_HEIGHT) - OVERSCAN);
  const last = Math.min(total, Math.ceil((view.top + view.height) / ROW_HEIGHT) + OVERSCAN);
  const reveal = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (!element || index < 0) return;
      const top = index * ROW_HEIGHT;
      if (top < element.scrollTop) element.scrollTop = top - ROW_HEIGHT;
      else if (top + ROW_HEIGHT > element.scrollTop + element.clientHeight) {
        element.scrollTop = top + 2 * ROW_HEIGHT - element.clientHeight;
      }
    },
    [scroller],
  );
  return { first, last, reveal };
}
