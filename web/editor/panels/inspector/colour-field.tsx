import { hexOf, linearOf } from "@editor/lib/colour";
import { type Throttled, throttle } from "@editor/lib/throttle";
import { TextField } from "@editor/ui/field";
import { LIVE_INTERVAL } from "@editor/ui/number-field";
import { useEffect, useRef } from "react";

interface ColourFieldProps {
  label: string;
  /** Linear RGB. */
  value: readonly number[];
  onChange(value: [number, number, number], gesture: string): void;
  testId?: string;
}

let gestures = 0;

/** A colour by the system's picker (live while it is open: one step of history) or as hex. */
export function ColourField({ label, value, onChange, testId }: ColourFieldProps) {
  const hex = hexOf(value);
  const newest = useRef(onChange);
  const gesture = useRef("");
  const send = useRef<Throttled<string> | null>(null);
  useEffect(() => {
    newest.current = onChange;
  });
  useEffect(() => () => send.current?.flush(), []);

  const live = (next: string) => {
    send.current ??= throttle<string>(LIVE_INTERVAL, (text) => {
      const linear = linearOf(text);
      if (linear) newest.current(linear, gesture.current);
    });
    send.current(next);
  };
  return (
    <div className="flex items-center gap-1">
      <input
        type="color"
        aria-label={`${label}, picker`}
        value={hex}
        onPointerDown={() => {
          gesture.current = `colour-${++gestures}`;
        }}
        onKeyDown={() => {
          gesture.current = `colour-${++gestures}`;
        }}
        onChange={(event) => live(event.target.value)}
        className="h-6 w-9 shrink-0 rounded-sm border border-edge bg-field p-0.5"
      />
      <TextField
        aria-label={`${label}, hex`}
        data-testid={testId}
        value={hex}
        spellCheck={false}
        className="font-mono"
        onCommit={(text) => {
          const linear = linearOf(text);
          if (linear) onChange(linear, `colour-${++gestures}`);
        }}
      />
    </div>
  );
}
