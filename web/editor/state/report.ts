/** The report of a job, read with care: it comes from a peer. */
import type { JobSnapshot } from "@core/session-store";

export interface ReportEntry {
  kind: "kept" | "dropped" | "changed" | "note";
  what: string;
  count: number;
  text: string;
}

const KINDS = ["kept", "dropped", "changed", "note"] as const;

export function reportOf(job: JobSnapshot | undefined): ReportEntry[] {
  const report = job?.result?.report;
  return Array.isArray(report) ? report.flatMap(entryOf) : [];
}

function entryOf(value: unknown): ReportEntry[] {
  const { kind, what = "", count = 1, text } = (value ?? {}) as Partial<Record<keyof ReportEntry, unknown>>;
  if (typeof text !== "string") return [];
  const known = KINDS.find((candidate) => candidate === kind) ?? "note";
  return [{ kind: known, what: String(what), count: typeof count === "number" ? count : 1, text }];
}

/** Ids that a job made ("nodes", "meshes"). */
export function idsOf(job: JobSnapshot, key: "nodes" | "meshes"): string[] {
  const ids = job.result?.[key];
  return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
}
