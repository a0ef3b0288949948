import type { Project } from "@core/project";
import { unsavedOf } from "@editor/commands/refused";
import { plural } from "@editor/lib/format";
import { followLink } from "@editor/state/router";
import { Button } from "@editor/ui/button";
import { Notice } from "@editor/ui/feedback";
import { DoorClosed, Download } from "lucide-react";

/** The project was open, and is not this person's any more. */
export function LostPage({ project }: { project: Project }) {
  const { changes } = project.state;
  const removed = project.state.refusal?.code !== "no_such_document";
  return (
    <Notice icon={DoorClosed} title={removed ? "You no longer have access to this project" : "The project is gone"}>
      <p>Somebody who owns it has changed who may open it. Ask them if you think that you should be here.</p>
      {changes > 0 && (
        <>
          <p>
            {plural(changes, "change")} of yours {changes === 1 ? "was" : "were"} not saved before. You can keep{" "}
            {changes === 1 ? "it" : "them"} as a file.
          </p>
          <Button large icon={Download} onClick={() => unsavedOf(project)}>
            Save as file
          </Button>
        </>
      )}
      <a href="/" onClick={followLink} className="text-accent-strong underline underline-offset-2">
        All projects
      </a>
    </Notice>
  );
}
