import { count } from "@editor/lib/format";
import { titleOf, useJobList, useJobs } from "@editor/state/jobs";
import { type ReportEntry, reportOf } from "@editor/state/report";
import { Dialog } from "@editor/ui/dialog";
import { CircleAlert, CircleCheck, Info, type LucideIcon, PencilRuler } from "lucide-react";

const KINDS: Record<ReportEntry["kind"], { title: string; icon: LucideIcon; tint: string }> = {
  dropped: { title: "Left out", icon: CircleAlert, tint: "text-warn" },
  changed: { title: "Changed", icon: PencilRuler, tint: "text-accent" },
  kept: { title: "Kept as data only", icon: CircleCheck, tint: "text-ok" },
  note: { title: "Notes", icon: Info, tint: "text-muted" },
};

/** What a job kept, changed and left out, in its own words. */
export default function ReportDialog({ job: id, onClose }: { job: string; onClose(): void }) {
  const job = useJobList().find((candidate) => candidate.id === id);
  const titles = useJobs((state) => state.titles);
  const report = reportOf(job);
  const kinds = (Object.keys(KINDS) as ReportEntry["kind"][]).filter((kind) =>
    report.some((entry) => entry.kind === kind),
  );
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={job ? titleOf(job, titles) : "Report"}
      description="What was kept, changed or left out."
    >
      {kinds.map((kind) => (
        <Entries key={kind} {...KINDS[kind]} entries={report.filter((entry) => entry.kind === kind)} />
      ))}
      {!kinds.length && <p className="text-muted">Everything came through as it was.</p>}
    </Dialog>
  );
}

function Entries({
  title,
  icon: Icon,
  tint,
  entries,
}: {
  title: string;
  icon: LucideIcon;
  tint: string;
  entries: ReportEntry[];
}) {
  return (
    <section className="mt-3 first:mt-0">
      <h3 className="mb-1 flex items-center gap-1.5 font-semibold">
        <Icon size={14} className={tint} aria-hidden /> {title}
      </h3>
      <ul className="divide-y divide-line rounded-md bg-field">
        {entries.map((entry) => (
          <li key={`${entry.what}/${entry.text}`} className="flex gap-3 px-2.5 py-1.5">
            <span className="min-w-0 flex-1 break-words">{entry.text}</span>
            {entry.count > 1 && <span className="text-muted">{count(entry.count)}×</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
