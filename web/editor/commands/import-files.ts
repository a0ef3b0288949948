import type { Project } from "@core/project";
import { pickedFiles, type SourceFile } from "@editor/lib/dropped-files";
import { useJobs } from "@editor/state/jobs";
import { canEdit } from "@editor/state/status";
import { toast, toastError } from "@editor/state/toasts";
import { type ImportGroup, importGroups } from "./import-groups";

export const MODEL_TYPES = ".glb,.gltf,.bin,.obj,.mtl,.stl,.ply,.3mf,.zip,.png,.jpg,.jpeg,.webp";

/** What to do with the nodes of an import, instead of selecting them. */
type Sequel = (nodes: readonly string[]) => void;

/** Uploads files, one import job per model. */
export async function importFiles(project: Project, files: readonly SourceFile[], sequel?: Sequel): Promise<void> {
  if (!files.length) return;
  if (!canEdit(project)) {
    toast("Nothing was imported", { tone: "warn", detail: "You can look at this project, but not change it." });
    return;
  }
  const groups = importGroups(files);
  if (!groups.length) tellNoModel();
  for (const group of groups) await importGroup(project, group, sequel);
}

export function tellNoModel(): void {
  toast("There is no model among these files", {
    tone: "warn",
    detail: "Maquette reads GLB, glTF, OBJ, STL, PLY and 3MF, also zipped together with their textures.",
  });
}

async function importGroup(project: Project, { title, files }: ImportGroup, sequel?: Sequel): Promise<void> {
  const jobs = useJobs.getState();
  const upload = jobs.beginUpload(title);
  try {
    jobs.follow(await project.api.importFiles(project.id, files), title, sequel);
  } catch (error) {
    toastError(`“${title}” was not imported`, error);
  } finally {
    jobs.endUpload(upload);
  }
}

/** Lets the user choose files; folders arrive by dropping. */
export function pickAndImport(project: Project): void {
  const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, accept: MODEL_TYPES });
  input.addEventListener("change", () => void importFiles(project, pickedFiles(input.files)));
  input.click();
}
