import { useProject } from "@editor/state/project";
import { useConnection } from "@editor/state/status";
import { Button } from "@editor/ui/button";
import { ShieldAlert } from "lucide-react";

/** What must not be overlooked: nothing more is being saved, or this window may only look. */
export function Banner() {
  const project = useProject();
  const { refusal, readOnly } = useConnection();
  if (!refusal && !readOnly) return null;
  const text = refusal ? `Not connected: ${refusal.message}` : "You can look at this project, but not change it.";
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
