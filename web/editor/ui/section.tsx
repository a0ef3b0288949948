import { cn } from "@editor/lib/cn";
import { useLocal } from "@editor/state/local";
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** A part of a panel that folds; it remembers whether it was open. */
export function Section({
  id,
  title,
  actions,
  children,
}: {
  id: string;
  title: string;
  actions?: ReactNode;
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
        {actions}
      </header>
      {!folded && <div className="flex flex-col gap-1.5 px-3 pb-3">{children}</div>}
    </section>
  );
}
