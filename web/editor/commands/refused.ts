/** What a person can do with edits that the server refused: make them again, keep them as a file, let them go. */

import { type Again, applyAgain } from "@core/apply-again";
import { asText, type KeptEdits, keepEdits, nodesOf } from "@core/kept-edits";
import type { Project } from "@core/project";
import type { RefusedEdits } from "@core/shelf";
import { download } from "@editor/lib/download";
import { useProjectInfo } from "@editor/state/project-info";
import { toast } from "@editor/state/toasts";

/** One undoable edit; what others have changed since stays as it is. */
export function makeAgain(project: Project, { document, edits }: RefusedEdits): Again {
  if (document === "session") return applyAgain(project.session, edits);
  return project.edit("Apply refused changes", () => applyAgain(project.scene, edits));
}

export function saveAsFile({ edits, reason, at, project }: RefusedEdits): void {
  write(edits, { project, at: new Date(at).toISOString(), reason });
}

/** The file of what is not saved, where there is no way back into the project. */
export function unsavedOf(project: Project): void {
  const edits = keepEdits(project.scene, project.unsaved);
  write(edits, { project: project.id, at: new Date().toISOString(), reason: project.state.refusal });
}

export function discard(project: Project, item: RefusedEdits): void {
  void project.shelf.remove(item.id);
  toast("The changes were discarded", { action: { label: "Undo", run: () => void project.shelf.add(item) } });
}

/** The names of the nodes that edits are about: as they were made, else as they stand. */
export function namesIn(project: Project, edits: KeptEdits): readonly string[] {
  return nodesOf(edits).map((id) => {
    const made = edits.made[`nodes/${id}`];
    const name = made !== undefined && "fields" in made ? made.fields.name : project.store.node(id)?.name;
    return typeof name === "string" && name !== "" ? name : "Unnamed";
  });
}

function write(edits: KeptEdits, about: Readonly<Record<string, unknown>>): void {
  const name = useProjectInfo.getState().name || "Project";
  const blob = new Blob([asText(edits, { name, ...about })], { type: "application/json" });
  const href = URL.createObjectURL(blob);
  download(href, `${name} – unsaved changes.json`);
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
