import { actionFor } from "@editor/commands/actions";
import { isTyping, shortcutOf } from "@editor/lib/keys";
import { useEffect } from "react";
import { useProject } from "./project";

/** Shortcuts work wherever the focus is, except while typing and behind dialogs and menus. */
export function useShortcuts(): void {
  const project = useProject();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const shortcut = shortcutOf(event);
      const action = actionFor(shortcut);
      if (!action || blocked(event, shortcut)) return;
      event.preventDefault();
      if (action.enabled(project)) action.run(project);
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [project]);
}

function blocked(event: KeyboardEvent, shortcut: string): boolean {
  if (document.querySelector("[role=dialog][data-state=open], [role=menu][data-state=open]")) return true;
  return isTyping(event.target) && shortcut !== "Mod+K";
}
