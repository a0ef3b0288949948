/** Jobs of the session, with the progress that their peers report through presence. */

import type { JobSnapshot } from "@core/session-store";
import { capitalised, sentences } from "@editor/lib/format";
import { useMemo, useSyncExternalStore } from "react";
import { create } from "zustand";
import { usePeople } from "./people";
import { useProject } from "./project";

export interface JobView extends JobSnapshot {
  /** 0…1 while a peer reports it. */
  progress: number | undefined;
  message: string;
  active: boolean;
}

interface Uploads {
  uploads: readonly { id: number; title: string }[];
  /** What the jobs of this window are about: file names, which the job itself knows too late. */
  titles: ReadonlyMap<string, string>;
  /** What to do with what a job made, instead of selecting it. */
  sequels: ReadonlyMap<string, (nodes: readonly string[]) => void>;
  beginUpload(title: string): number;
  endUpload(id: number): void;
  follow(job: string, title: string, sequel?: (nodes: readonly string[]) => void): void;
}

let next = 1;

export const useJobs = create<Uploads>((set, get) => ({
  uploads: [],
  titles: new Map(),
  sequels: new Map(),
  beginUpload(title) {
    const id = next++;
    set({ uploads: [...get().uploads, { id, title }] });
    return id;
  },
  endUpload: (id) => set({ uploads: get().uploads.filter((upload) => upload.id !== id) }),
  follow(job, title, sequel) {
    set({ titles: new Map(get().titles).set(job, title) });
    if (sequel) set({ sequels: new Map(get().sequels).set(job, sequel) });
  },
}));

const ACTIVE = ["queued", "running", "awaiting_input"];

export function isActive(job: JobSnapshot): boolean {
  return ACTIVE.includes(job.state);
}

/** All jobs, the latest first. */
export function useJobList(): readonly JobView[] {
  const { sessionStore } = useProject();
  const people = usePeople();
  const jobs = useSyncExternalStore(
    (listener) => sessionStore.subscribe("jobs", listener),
    () => sessionStore.jobs(),
  );
  return useMemo(() => {
    const reports = new Map(people.flatMap((person) => Object.entries(person.jobs)));
    return jobs.map((job) => {
      const report = reports.get(job.id);
      const active = isActive(job);
      return {
        ...job,
        active,
        progress: active ? report?.progress : undefined,
        message: capitalised(report?.message ?? ""),
      };
    });
  }, [jobs, people]);
}

export function useActiveJob(matches: (job: JobView) => boolean): JobView | undefined {
  return useJobList().find((job) => job.active && matches(job));
}

/** Why a job failed, as sentences. */
export function reasonOf(job: JobSnapshot): string {
  const { message = "The reason is unknown", hint = "" } = job.error ?? {};
  return sentences(message, hint).replaceAll("`", "");
}

const VERBS: Record<string, string> = {
  import: "Import",
  export: "Export",
  simplify: "Simplify",
  "lod.chain": "Levels of detail",
};

/** What a job is about, in words. */
export function titleOf(job: JobSnapshot, titles: ReadonlyMap<string, string>): string {
  const verb = VERBS[job.op] ?? job.op;
  const files = job.params.files;
  const named = Array.isArray(files)
    ? (files as { name?: unknown }[]).map(({ name }) => name).filter((n) => typeof n === "string")
    : [];
  const format =
    job.op === "export" && typeof job.params.format === "string" ? job.params.format.toUpperCase() : undefined;
  const what = titles.get(job.id) ?? named[0] ?? format;
  return what ? `${verb}: ${what}` : verb;
}
