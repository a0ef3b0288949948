/** What in the open scene does not fit the schema, looked for a while after the last change. */

import type { Project } from "@core/project";
import { type Issue, validate } from "@core/validation";
import { useEffect, useState } from "react";
import { useProject } from "./project";

/** Milliseconds of quiet before a look, which goes over the whole scene. */
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
  const look = () => tell(validate(project.scene).filter((issue) => !FINE.includes(issue.code)));
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, QUIET);
  };
  later();
  const stop = project.scene.onChange(later);
  return () => {
    stop();
    clearTimeout(timer);
  };
}
