/** What in the open scene does not fit the schema, looked for a while after the last change. */

import type { Project } from "@core/project";
import { type Issue, validating } from "@core/validation";
import { whenIdle } from "@editor/lib/idle";
import { useEffect, useState } from "react";
import { useProject } from "./project";

/** Milliseconds of quiet before a look, which goes over the whole scene: in one go, a third of a second for 10,000 nodes. */
const QUIET = 1500;
/** Concurrent moves that were put right are nobody's problem. */
const FINE: readonly string[] = ["cycle_broken"];

export function useProblems(): readonly Issue[] {
  const project = useProject();
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  useEffect(() => watch(project, setIssues), [project]);
  return issues;
}

function watch(project: Project, tell: (issues: readonly Issue[]) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopLooking = () => {};
  const look = () => {
    stopLooking = whenIdle(validating(project.scene), (issues) =>
      tell(issues.filter((issue) => !FINE.includes(issue.code))),
    );
  };
  const later = () => {
    stopLooking();
    clearTimeout(timer);
    timer = setTimeout(look, QUIET);
  };
  later();
  const stop = project.scene.onChange(later);
  return () => {
    stop();
    stopLooking();
    clearTimeout(timer);
  };
}
