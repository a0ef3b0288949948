import { ProjectArt } from "@editor/start/art";
import { Mark } from "@editor/start/header";
import { type ReactNode, useEffect } from "react";

interface EntryPageProps {
  title: string;
  /** One sentence below the title. */
  lead?: ReactNode;
  children: ReactNode;
  /** Other ways, below the form. */
  footer?: ReactNode;
}

/** The pages at the door: one quiet card, the product's mark, and a picture where there is room. */
export function EntryPage({ title, lead, children, footer }: EntryPageProps) {
  useEffect(() => {
    document.title = `${title} – Maquette`;
  }, [title]);
  return (
    <main className="grid h-full place-items-center overflow-y-auto p-4">
      <div className="flex w-full max-w-sm animate-fade flex-col gap-4 sm:max-w-3xl sm:flex-row sm:gap-0 sm:overflow-hidden sm:rounded-xl sm:border sm:border-line sm:bg-panel">
        <div className="hidden flex-1 items-center justify-center border-r border-line bg-ground sm:flex">
          <div className="h-64 w-80">
            <ProjectArt id="welcome" />
          </div>
        </div>
        <div className="w-full sm:w-96 sm:p-8">
          <div className="mb-6 flex items-center gap-2.5">
            <Mark />
            <span className="text-lg font-semibold tracking-tight">Maquette</span>
          </div>
          <h1 className="text-xl font-semibold">{title}</h1>
          {lead && <p className="mt-1 text-base text-muted">{lead}</p>}
          <div className="mt-5">{children}</div>
          {footer && <div className="mt-5 border-t border-line pt-4 text-muted">{footer}</div>}
        </div>
      </div>
    </main>
  );
}

export const LINK = "text-accent-strong underline underline-offset-2";
