import type { Project } from "@core/project";
import { type SourceFile, pickedFiles } from "@editor/lib/dropped-files";
import { useJobs } from "@editor/state/jobs";
import { toast, toastError } from "@editor/state/toasts";

export const MODEL_TYPES = ".glb,.gltf,.bin,.obj,.mtl,.stl,.ply,.3mf,.zip,.png,.jpg,.jpeg,.webp";
const MODELS = /\.(glb|gltf|obj|stl|ply|3mf|zip|fbx|usdz?|dae)$/i;

/** Uploads files as one import job. Textures and buffers go along with the model that names them. */
export async function importFiles(project: Project, files: readonly SourceFile[]): Promise<void> {
  if (!files.length) return;
  const models = files.filter(({ path }) => MODELS.test(path));
  if (!models.length) {
    toast("There is no model among these files", {
      tone: "warn",
      detail: "Maquette reads GLB, glTF, OBJ, STL, PLY and 3MF, also zipped together with their textures.",
    });
    return;
  }
  const title = models.length > 1 ? `${models.length} models` : (models[0]?.path.split("/").at(-1) ?? "model");
  const uploads = useJobs.getState();
  const upload = uploads.beginUpload(title);
  try {
    const job = await project.api.importFiles(project.id, files);
    uploads.follow(job, title);
  } catch (error) {
    toastError(`“${title}” was not imported`, error);
  } finally {
    uploads.endUpload(upload);
  }
}

/** Lets the user choose files; folders arrive by dropping. */
export function pickAndImport(project: Project): void {
  const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, accept: MODEL_TYPES });
  input.addEventListener("change", () => void importFiles(project, pickedFiles(input.files)));
  input.click();
}
