import { cancelJob } from "@editor/commands/jobs";
import { ago } from "@editor/lib/format";
import { type JobView, reasonOf, titleOf, useJobs } from "@editor/state/jobs";
import { local } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { reportOf } from "@editor/state/report";
import { useCanEdit } from "@editor/state/status";
import { Button, IconButton } from "@editor/ui/button";
import { Progress } from "@editor/ui/feedback";
import { Ban, CircleAlert, CircleCheck, Clock3, LoaderCircle, X } from "lucide-react";

const STATES = {
  queued: { icon: Clock3, tint: "text-faint", words: "Waiting for a compute peer" },
  running: { icon: LoaderCircle, tint: "animate-spin text-accent", words: "Running" },
  awaiting_input: { icon: Clock3, tint: "text-warn", words: "Waiting for an answer" },
  succeeded: { icon: CircleCheck, tint: "text-ok", words: "Done" },
  failed: { icon: CircleAlert, tint: "text-danger", words: "Failed" },
  cancelled: { icon: Ban, tint: "text-faint", words: "Cancelled" },
} as const;

export function JobRow({ job }: { job: JobView }) {
  const project = useProject();
  const titles = useJobs((state) => state.titles);
  const editable = useCanEdit();
  const { icon: Icon, tint } = STATES[job.state];
  const report = reportOf(job);
  return (
    <li
      data-testid="job-row"
      data-job-id={job.id}
      data-state={job.state}
      className="flex items-start gap-2 px-2 py-1.5"
    >
      <Icon size={14} aria-hidden className={`mt-0.5 shrink-0 ${tint}`} />
      <div className="min-w-0 flex-1">
        <p className="truncate">{titleOf(job, titles)}</p>
        <p className="break-words text-muted">{wordsOf(job)}</p>
        {job.active && (
          <div className="mt-1.5">
            <Progress label={titleOf(job, titles)} value={job.progress} />
          </div>
        )}
      </div>
      {job.active && editable && (
        <IconButton icon={X} small label="Cancel the job" onClick={() => cancelJob(project, job.id)} />
      )}
      {report.length > 0 && (
        <Button
          tone="ghost"
          className="text-accent-strong"
          onClick={() => local().set({ dialog: { kind: "report", job: job.id } })}
        >
          Report
        </Button>
      )}
    </li>
  );
}

function wordsOf(job: JobView): string {
  if (job.state === "failed") return reasonOf(job);
  const words: string = job.message || STATES[job.state].words;
  if (job.active) return job.progress === undefined ? words : `${words} · ${Math.round(job.progress * 100)} %`;
  return job.finished ? `${words} ${ago(job.finished, Date.now())}` : words;
}
