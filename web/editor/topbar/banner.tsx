import type { Project } from "@core/project";
import { useProject } from "@editor/state/project";
import { useConnection } from "@editor/state/status";
import { Button } from "@editor/ui/button";
import { ShieldAlert } from "lucide-react";

/** What must not be overlooked: nothing more is being saved, or this window may only look. */
export function Banner() {
  const project = useProject();
  const { refusal, readOnly, words } = useConnection();
  if (!refusal && !readOnly) return words.startsWith("offline") ? <OfflineLine words={words} /> : null;
  const text = refusal ? `Not connected: ${refusal.message}.` : whyOnlyLooking(project);
  return (
    <div role="alert" className="flex items-center gap-2 border-b border-line bg-danger-deep px-3 py-1.5 text-danger">
      <ShieldAlert size={14} aria-hidden className="shrink-0" />
      <p className="min-w-0 flex-1">
        {text} {refusal?.hint}
      </p>
      {refusal && (
        <Button tone="danger" onClick={() => (project.state.state === "refused" ? location.reload() : project.retry())}>
          Join again
        </Button>
      )}
    </div>
  );
}

function whyOnlyLooking(project: Project): string {
  return project.scene.readOnly
    ? "You can look, but not change: this project was made by a newer Maquette. Reload the page, or update the server."
    : "You can look at this project, but not change it.";
}

/** In words where the bar has room for a sign only. */
function OfflineLine({ words }: { words: string }) {
  return (
    <p className="border-b border-line bg-panel px-3 py-1 text-center text-warn md:hidden">
      {words === "offline, kept here"
        ? "Offline. Your changes are kept here and merge when the server is back."
        : "Offline. Your changes are only in this window: keep it open."}
    </p>
  );
}
