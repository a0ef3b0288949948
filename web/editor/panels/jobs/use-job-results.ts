import type { Project } from "@core/project";
import type { JobSnapshot } from "@core/session-store";
import { download } from "@editor/lib/download";
import { bytes, plural } from "@editor/lib/format";
import { isActive, reasonOf, titleOf, useJobList, useJobs } from "@editor/state/jobs";
import { local } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { idsOf, reportOf } from "@editor/state/report";
import { toast } from "@editor/state/toasts";
import { viewport } from "@editor/state/viewport";
import { useEffect } from "react";

const ENDINGS: Record<string, string> = {
  "lod.chain": "Levels of detail are built",
  simplify: "The mesh is simplified",
};

/** Each job is told once. */
const told = new Set<string>();

/** Tells how the jobs of this window ended: selects what was imported, saves what was exported, explains what failed. */
export function useJobResults(): void {
  const project = useProject();
  const jobs = useJobList();
  const titles = useJobs((state) => state.titles);
  useEffect(() => {
    for (const job of jobs) {
      if (!titles.has(job.id) || told.has(job.id) || isActive(job)) continue;
      told.add(job.id);
      tell(project, job, titleOf(job, titles));
    }
  }, [jobs, project, titles]);
}

function tell(project: Project, job: JobSnapshot, title: string): void {
  const report = reportOf(job);
  const action = reportAction(job);
  if (job.state === "failed") {
    toast(`${title} failed`, { tone: "danger", detail: reasonOf(job), ...action });
  } else if (job.state === "succeeded") {
    if (job.op === "export") saveExport(project, job);
    else
      toast(endingOf(job, title), {
        tone: "ok",
        ...(detailOf(report.length) && { detail: detailOf(report.length) }),
        ...action,
      });
    if (job.op === "import") showImported(project, job);
  }
}

function reportAction(job: JobSnapshot) {
  if (!reportOf(job).length) return {};
  return { action: { label: "Report", run: () => local().set({ dialog: { kind: "report", job: job.id } }) } };
}

function endingOf(job: JobSnapshot, title: string): string {
  const what = useJobs.getState().titles.get(job.id);
  return ENDINGS[job.op] ?? (job.op === "import" && what ? `“${what}” is imported` : `${title} is done`);
}

function detailOf(entries: number): string {
  return entries ? `The report tells ${plural(entries, "thing")} about it.` : "";
}

/** The result's own step arrives with the document, perhaps a moment after the job's state. */
function showImported(project: Project, job: JobSnapshot): void {
  const nodes = idsOf(job, "nodes");
  const sequel = useJobs.getState().sequels.get(job.id) ?? present;
  const show = () => {
    if (!nodes.every((id) => project.store.node(id))) return false;
    sequel(nodes);
    return true;
  };
  if (!nodes.length || show()) return;
  const stop = project.store.subscribeAll(() => {
    if (show()) stop();
  });
}

function present(nodes: readonly string[]): void {
  local().select(nodes);
  local().expand(nodes, true);
  viewport()?.frame(nodes);
}

function saveExport(project: Project, job: JobSnapshot): void {
  const { blob, name = "scene" } = (job.result ?? {}) as { blob?: string; name?: string; bytes?: number };
  if (!blob) return;
  download(project.api.blobUrl(project.id, blob, name), name);
  const size = job.result?.bytes;
  toast(`“${name}” is exported`, {
    tone: "ok",
    ...(typeof size === "number" && { detail: bytes(size) }),
    ...reportAction(job),
  });
}
