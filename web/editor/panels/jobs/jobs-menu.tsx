import { plural } from "@editor/lib/format";
import { useJobList } from "@editor/state/jobs";
import { usePeople } from "@editor/state/people";
import { IconButton } from "@editor/ui/button";
import { Empty } from "@editor/ui/feedback";
import { Cpu } from "lucide-react";
import { Popover } from "radix-ui";
import { JobRow } from "./job-row";

/** All jobs of the project, behind a button that tells how many run. */
export function JobsMenu() {
  const jobs = useJobList();
  const peers = usePeople().filter((person) => person.user.kind === "peer");
  const active = jobs.filter((job) => job.active).length;
  return (
    <Popover.Root>
      <div className="relative">
        <Popover.Trigger asChild>
          <IconButton icon={Cpu} label={active ? `Jobs: ${active} active` : "Jobs"} data-testid="jobs" />
        </Popover.Trigger>
        {active > 0 && (
          <span
            aria-hidden
            className="pointer-events-none absolute -top-0.5 -right-0.5 grid size-3.5 place-items-center rounded-full bg-accent text-2xs font-semibold text-on-accent"
          >
            {active}
          </span>
        )}
      </div>
      <Popover.Portal>
        <Popover.Content
          aria-label="Jobs"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex max-h-[70dvh] w-80 animate-rise flex-col rounded-lg border border-line bg-raised shadow-pop"
        >
          <div className="flex h-9 items-center justify-between border-b border-line px-3">
            <h2 className="font-semibold">Jobs</h2>
            {peers.length > 0 && <span className="text-muted">{plural(peers.length, "compute peer")} at work</span>}
          </div>
          {jobs.length ? (
            <ul className="min-h-0 divide-y divide-line overflow-y-auto">
              {jobs.slice(0, 100).map((job) => (
                <JobRow key={job.id} job={job} />
              ))}
            </ul>
          ) : (
            <Empty icon={Cpu} title="No jobs yet">
              <p>Imports, exports and levels of detail show up here while they are made.</p>
            </Empty>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
