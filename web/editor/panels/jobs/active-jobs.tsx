import { useJobList, useJobs } from "@editor/state/jobs";
import { Progress } from "@editor/ui/feedback";
import { Upload } from "lucide-react";
import { JobRow } from "./job-row";

/** What is going on right now, over the viewport. */
export function ActiveJobs() {
  const active = useJobList().filter((job) => job.active);
  const uploads = useJobs((state) => state.uploads);
  if (!active.length && !uploads.length) return null;
  return (
    <section
      aria-label="Active jobs"
      className="absolute left-2 w-72 max-w-[calc(100%-16px)] max-lg:bottom-12 max-sm:bottom-24 lg:top-2 animate-rise overflow-hidden rounded-lg border border-line bg-panel shadow-pop"
    >
      <ul className="max-h-56 divide-y divide-line overflow-y-auto">
        {uploads.map((upload) => (
          <li key={upload.id} className="flex items-start gap-2 px-2 py-1.5">
            <Upload size={14} aria-hidden className="mt-0.5 shrink-0 text-accent" />
            <div className="min-w-0 flex-1">
              <p className="truncate">{upload.title}</p>
              <p className="mb-1.5 text-muted">Uploading</p>
              <Progress label={`Uploading ${upload.title}`} value={undefined} />
            </div>
          </li>
        ))}
        {active.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </ul>
    </section>
  );
}
