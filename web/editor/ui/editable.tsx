import { useCanEdit } from "@editor/state/status";
import type { ReactNode } from "react";

/** Controls that change the scene: all of them rest while this window may only look. */
export function Editable({ children, className = "contents" }: { children: ReactNode; className?: string }) {
  return (
    <fieldset disabled={!useCanEdit()} className={className}>
      {children}
    </fieldset>
  );
}
