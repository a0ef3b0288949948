/** Forms that are pages of their own or stand in a dialog: tall fields, errors where they belong, nothing that jumps. */

import { ApiError } from "@core/errors";
import { cn } from "@editor/lib/cn";
import { sentences } from "@editor/lib/format";
import { type ComponentProps, type FormEvent, type ReactNode, useId, useState } from "react";
import { CONTROL } from "./field";

interface InputProps extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  label: string;
  value: string;
  onValue(value: string): void;
  /** What is wrong with it; its line is there all the time, so that nothing moves. */
  problem?: string | undefined;
  /** Shown where there is no problem. */
  hint?: string | undefined;
  /** Beside the label. */
  aside?: ReactNode;
}

export function Input({ label, value, onValue, problem, hint, aside, className, ...rest }: InputProps) {
  const id = useId();
  const words = problem ?? hint;
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-baseline justify-between">
        <label htmlFor={id} className="text-muted">
          {label}
        </label>
        {aside}
      </div>
      <input
        {...rest}
        id={id}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={words ? `${id}-words` : undefined}
        className={cn(CONTROL, "h-9 border-edge px-2.5 text-base aria-invalid:border-danger", className)}
      />
      <p id={`${id}-words`} className={cn("min-h-4 text-xs", problem ? "text-danger" : "text-faint")}>
        {words}
      </p>
    </div>
  );
}

/** Fields that refusals are about, by the server's code. */
type Places = Readonly<Record<string, string>>;

interface Submission {
  busy: boolean;
  /** By field name; "" is about the form as a whole. */
  problems: Readonly<Record<string, string>>;
  submit(event: FormEvent): void;
}

/** Runs a form's action once at a time, and puts its refusal beside the field that it is about. */
export function useSubmit(run: () => Promise<void>, places: Places = {}): Submission {
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<Submission["problems"]>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    run()
      .then(() => setProblems({}))
      .catch((error: unknown) => setProblems(problemOf(error, places)))
      .finally(() => setBusy(false));
  };
  return { busy, problems, submit };
}

function problemOf(error: unknown, places: Places): Submission["problems"] {
  if (!(error instanceof ApiError)) return { "": "The server does not answer. Try again in a moment." };
  const place = places[error.code];
  // Below a field there is room for one line.
  return place === undefined ? { "": sentences(error.message, error.hint) } : { [place]: sentences(error.message) };
}

/** The line of a form for what is about no single field; it keeps its place. */
export function FormProblem({ problem }: { problem: string | undefined }) {
  return (
    <p role="alert" className={cn("min-h-4 text-danger", !problem && "invisible")}>
      {problem}
    </p>
  );
}
