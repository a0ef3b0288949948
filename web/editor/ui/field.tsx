import { cn } from "@editor/lib/cn";
import { type ComponentProps, type KeyboardEvent, type ReactNode, useId, useState } from "react";

export const CONTROL =
  "h-6 w-full min-w-0 rounded-sm border bg-field px-1.5 text-sm text-ink transition-colors hover:border-edge focus:border-accent focus:outline-none disabled:opacity-50";

/** A labelled line of a form: label left, control right. */
export function Row({
  label,
  children,
  htmlFor,
  hint,
}: {
  label: string;
  children: ReactNode;
  htmlFor?: string;
  hint?: string;
}) {
  return (
    <div className="grid min-h-6 grid-cols-[92px_minmax(0,1fr)] items-center gap-2" title={hint}>
      <label htmlFor={htmlFor} className="truncate text-muted">
        {label}
      </label>
      <div className="min-w-0">{children}</div>
    </div>
  );
}

interface TextFieldProps extends Omit<ComponentProps<"input">, "value" | "onChange"> {
  value: string;
  /** Enter or leaving the field; not when nothing changed or Escape was pressed. */
  onCommit(value: string): void;
}

/** Edits a copy; Enter and leaving commit, Escape brings the old text back. */
export function TextField({ value, onCommit, className, ...rest }: TextFieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const commit = () => {
    if (draft !== null && draft !== value) onCommit(draft);
    setDraft(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Escape") setDraft(null);
    if (event.key === "Enter") commit();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.stopPropagation();
    const input = event.currentTarget;
    requestAnimationFrame(() => input.blur());
  };
  return (
    <input
      {...rest}
      className={cn(CONTROL, className)}
      value={draft ?? value}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={onKeyDown}
    />
  );
}

interface SelectProps<T extends string> extends Omit<ComponentProps<"select">, "value" | "onChange"> {
  value: T | "";
  options: readonly (readonly [T, string])[];
  onPick(value: T): void;
  /** Shown while the value is mixed or absent. */
  placeholder?: string;
}

/** The system's own select: fast, accessible, at home on touch. */
export function Select<T extends string>({ value, options, onPick, placeholder, className, ...rest }: SelectProps<T>) {
  return (
    <select
      {...rest}
      value={value}
      onChange={(event) => onPick(event.target.value as T)}
      className={cn(CONTROL, "pr-0", className)}
    >
      {placeholder !== undefined && value === "" && (
        <option value="" disabled>
          {placeholder}
        </option>
      )}
      {options.map(([key, label]) => (
        <option key={key} value={key} className="bg-raised">
          {label}
        </option>
      ))}
    </select>
  );
}

interface CheckProps {
  label: string;
  checked: boolean | "mixed";
  onToggle(checked: boolean): void;
  disabled?: boolean;
  "data-testid"?: string;
}

export function Check({ label, checked, onToggle, ...rest }: CheckProps) {
  const id = useId();
  return (
    <span className="flex h-6 items-center gap-2">
      <input
        id={id}
        type="checkbox"
        className="size-3.5"
        checked={checked === true}
        ref={(input) => {
          if (input) input.indeterminate = checked === "mixed";
        }}
        onChange={(event) => onToggle(event.target.checked)}
        {...rest}
      />
      <label htmlFor={id} className="truncate text-muted">
        {label}
      </label>
    </span>
  );
}
