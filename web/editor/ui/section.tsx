import { cn } from "@editor/lib/cn";
import { useLocal } from "@editor/state/local";
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Editable } from "./editable";

const BODY = "flex min-w-0 flex-col gap-1.5 px-3 pb-3";

/** A part of a panel that folds; it remembers whether it was open. */
export function Section({
  id,
  title,
  looking = false,
  children,
}: {
  id: string;
  title: string;
  /** Nothing in it changes the scene as a whole: it stays in use where one may only look. */
  looking?: boolean;
  children: ReactNode;
}) {
  const folded = useLocal((local) => local.folded.has(id));
  const fold = useLocal((local) => local.fold);
  return (
    <section aria-label={title} className="border-b border-line">
      <header className="flex h-9 items-center gap-1 pr-2 pl-1">
        <h2 className="min-w-0 flex-1">
          <button
            type="button"
            aria-expanded={!folded}
            onClick={() => fold(id)}
            className="flex h-7 w-full items-center gap-1 rounded-md px-1 text-left font-semibold hover:text-accent-strong"
          >
            <ChevronRight
              size={12}
              aria-hidden
              className={cn("text-faint transition-transform", !folded && "rotate-90")}
            />
            <span className="truncate">{title}</span>
          </button>
        </h2>
      </header>
      {!folded && (looking ? <div className={BODY}>{children}</div> : <Editable className={BODY}>{children}</Editable>)}
    </section>
  );
}
