import { cn } from "@editor/lib/cn";
import type { LucideIcon } from "lucide-react";
import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";

/** What to do when there is nothing to see. */
export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1.5 px-6 py-8 text-center text-muted">
      <Icon size={22} strokeWidth={1.5} className="text-faint" aria-hidden />
      <p className="font-semibold text-ink">{title}</p>
      {children}
    </div>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <span role="status" className="inline-flex items-center gap-2 text-muted">
      <LoaderCircle size={14} className="animate-spin text-accent" aria-hidden />
      {label}
    </span>
  );
}

/** `value` 0…1, or undefined while unknown. */
export function Progress({ value, label }: { value: number | undefined; label: string }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(value !== undefined && { "aria-valuenow": Math.round(value * 100) })}
      className="h-1 overflow-hidden rounded-full bg-hover"
    >
      <div
        className={cn(
          "h-full rounded-full bg-accent",
          value === undefined ? "w-1/3 animate-slide" : "transition-[width] duration-300",
        )}
        {...(value !== undefined && { style: { width: `${Math.max(2, value * 100)}%` } })}
      />
    </div>
  );
}

export function Badge({ children, tone = "plain" }: { children: ReactNode; tone?: "plain" | "accent" | "warn" }) {
  const tones = {
    plain: "bg-hover text-muted",
    accent: "bg-accent-deep text-accent-strong",
    warn: "bg-hover text-warn",
  };
  return (
    <span className={cn("rounded-sm px-1 text-2xs font-semibold whitespace-nowrap", tones[tone])}>{children}</span>
  );
}

/** A whole page that says one thing. */
export function Notice({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children: ReactNode }) {
  return (
    <main className="grid h-full place-items-center p-6">
      <div className="flex max-w-md animate-fade flex-col items-center gap-3 text-center text-base text-muted">
        <span className="grid size-12 place-items-center rounded-xl border border-line bg-panel text-accent">
          <Icon size={22} strokeWidth={1.5} aria-hidden />
        </span>
        <h1 className="text-xl font-semibold text-balance text-ink">{title}</h1>
        {children}
      </div>
    </main>
  );
}
