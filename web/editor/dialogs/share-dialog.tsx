import { useProject } from "@editor/state/project";
import { useProjectInfo } from "@editor/state/project-info";
import { useSession } from "@editor/state/session";
import { useStanding } from "@editor/state/status";
import { Dialog } from "@editor/ui/dialog";
import { Links } from "./share/links";
import { Members } from "./share/members";

/** Who may do what in this project. Owners change it, everybody sees it. */
export default function ShareDialog({ onClose }: { onClose(): void }) {
  const project = useProject();
  const name = useProjectInfo((info) => info.name);
  const { role } = useStanding();
  const standing = useSession((state) => state.info?.standing);
  const owner = role === "owner";
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={`Share “${name || "Untitled"}”`}
      description={
        owner
          ? "A change takes effect at once, also for those who are here now."
          : "Owners of the project decide who may do what."
      }
    >
      <div className="flex flex-col gap-5">
        <Members project={project.id} owner={owner} onLeft={onClose} />
        {owner && <Links project={project.id} />}
        {(standing === "admin" || standing === "team") && (
          <p className="text-muted">Admins and the team of this server can open every project.</p>
        )}
      </div>
    </Dialog>
  );
}
