import { cn } from "@editor/lib/cn";
import { evaluate } from "@editor/lib/expression";
import { decimal } from "@editor/lib/format";
import { type Throttled, throttle } from "@editor/lib/throttle";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";

/** Live writes of one drag: about fourteen a second, the last one always. */
export const LIVE_INTERVAL = 70;

export interface NumberFieldProps {
  label: string;
  /** One value per edited thing; different ones show as “Mixed”. */
  values: readonly number[];
  /** `gesture` is the same for all writes of one drag or one run of arrow steps: they are one step of history. */
  onChange(values: number[], gesture: string): void;
  step?: number;
  min?: number;
  max?: number;
  unit?: string;
  digits?: number;
  prefix?: ReactNode;
  disabled?: boolean;
  testId?: string;
}

let gestures = 0;
const newGesture = () => `field-${++gestures}`;

/** A number to type (expressions too), to drag by its label and to step by arrow keys (Shift ×10, Alt ÷10). */
export function NumberField(props: NumberFieldProps) {
  const { label, values, step = 0.1, unit, digits = 3, prefix, disabled, testId } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const stepping = useRef<string | null>(null);
  const first = values[0] ?? 0;
  const mixed = values.some((value) => Math.abs(value - first) > 1e-6);
  const write = useWriter(props);

  const commit = () => {
    if (draft !== null && draft.trim() !== "") {
      const next = values.map((value) => evaluate(draft, value));
      if (next.every((value) => value !== null)) write(next as number[], newGesture());
    }
    setDraft(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      stepping.current ??= newGesture();
      const delta = (event.key === "ArrowUp" ? 1 : -1) * step * factorOf(event);
      setDraft(null);
      write(
        values.map((value) => value + delta),
        stepping.current,
      );
    } else if (event.key === "Enter") {
      commit();
      const input = event.currentTarget;
      // Selecting takes the focus, which may have gone on to another field before the frame comes.
      requestAnimationFrame(() => document.activeElement === input && input.select());
    } else if (event.key === "Escape") {
      setDraft(null);
      requestAnimationFrame(
        (
          (input) => () =>
            input.blur()
        )(event.currentTarget),
      );
    } else return;
    event.stopPropagation();
  };

  return (
    <div
      className={cn(
        "flex h-6 min-w-0 items-center rounded-sm border border-transparent bg-field transition-colors has-disabled:opacity-50 focus-within:border-accent hover:border-edge focus-within:hover:border-accent",
      )}
    >
      <Scrub {...props} write={write}>
        {prefix ?? label}
      </Scrub>
      <input
        aria-label={unit ? `${label}, ${unit}` : label}
        data-testid={testId}
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        className={cn(
          "h-full w-full min-w-0 rounded-sm bg-transparent pl-0.5 text-right outline-none",
          unit && !mixed ? "pr-0.5" : "pr-1.5",
        )}
        value={draft ?? (mixed ? "" : decimal(first, fitting(first, digits)))}
        placeholder={mixed ? "Mixed" : undefined}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => {
          stepping.current = null;
          commit();
        }}
        onKeyDown={onKeyDown}
        onKeyUp={(event) => {
          if (event.key === "Shift" || event.key === "Alt") stepping.current = null;
        }}
      />
      {unit && !mixed && (
        <span className="shrink-0 pr-1.5 text-xs whitespace-nowrap text-faint select-none">{unit}</span>
      )}
    </div>
  );
}

/** Long numbers give up decimals, so that their beginning stays in sight. */
function fitting(value: number, digits: number): number {
  const excess = Math.floor(Math.log10(Math.max(1, Math.abs(value)))) - 1;
  return Math.max(0, digits - Math.max(0, excess));
}

function factorOf(event: { shiftKey: boolean; altKey: boolean }): number {
  if (event.shiftKey) return 10;
  return event.altKey ? 0.1 : 1;
}

/** Clamps, rounds away the noise of additions, and hands on. */
function useWriter({ min = -Infinity, max = Infinity, onChange }: NumberFieldProps) {
  return (values: number[], gesture: string) =>
    onChange(
      values.map((value) => Math.min(max, Math.max(min, Number(value.toPrecision(12))))),
      gesture,
    );
}

interface Drag {
  x: number;
  moved: boolean;
  travel: number;
  from: readonly number[];
  gesture: string;
  send: Throttled<number[]>;
}

interface ScrubProps extends NumberFieldProps {
  children: ReactNode;
  write(values: number[], gesture: string): void;
}

/** It knows whether a fieldset around it rests. */
function inputOf(event: PointerEvent<HTMLElement>): HTMLInputElement | null | undefined {
  return event.currentTarget.parentElement?.querySelector("input");
}

/** The handle of a field: drag sideways to change the value, click to type. */
function Scrub({ label, values, step = 0.1, children, write }: ScrubProps) {
  const drag = useRef<Drag | null>(null);
  const newest = useRef(write);
  useEffect(() => {
    newest.current = write;
  });
  useEffect(() => () => drag.current?.send.flush(), []);

  const begin = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0 || inputOf(event)?.matches(":disabled")) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    const gesture = newGesture();
    const send = throttle<number[]>(LIVE_INTERVAL, (next) => newest.current(next, gesture));
    drag.current = { x: event.clientX, moved: false, travel: 0, from: values, gesture, send };
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const current = drag.current;
    if (!current) return;
    const dx = event.clientX - current.x;
    if (!current.moved && Math.abs(dx) < 3) return;
    current.moved = true;
    current.x = event.clientX;
    current.travel += dx * factorOf(event);
    const delta = Math.round(current.travel / 2) * step;
    current.send(current.from.map((value) => value + delta));
  };
  const end = (event: PointerEvent<HTMLElement>) => {
    const current = drag.current;
    drag.current = null;
    current?.send.flush();
    if (current && !current.moved) inputOf(event)?.focus();
  };
  return (
    <span
      aria-hidden
      title={`${label}: drag to change`}
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      className={cn(
        "flex h-full shrink-0 items-center pl-1.5 text-xs text-faint select-none",
        "cursor-ew-resize touch-none hover:text-ink [:has(:disabled)>&]:pointer-events-none",
      )}
    >
      {children}
    </span>
  );
}
