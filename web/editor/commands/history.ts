import type { Project } from "@core/project";
import { plural } from "@editor/lib/format";
import { toast, toastError } from "@editor/state/toasts";

export function undo(project: Project): void {
  turn("Undo", () => project.undo());
}

export function redo(project: Project): void {
  turn("Redo", () => project.redo());
}

/** Says so when others' later changes were kept instead of being overwritten. */
function turn(verb: string, run: () => { kept: readonly unknown[]; label: string } | undefined): void {
  try {
    const outcome = run();
    if (!outcome?.kept.length) return;
    const what = outcome.label ? `“${outcome.label}”` : "the step";
    toast(`${verb} kept what others changed`, {
      detail: `${plural(outcome.kept.length, "value")} of ${what} ${outcome.kept.length > 1 ? "were" : "was"} changed by somebody since, and stayed.`,
    });
  } catch (error) {
    toastError(`${verb} was not possible`, error);
  }
}
