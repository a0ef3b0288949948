import { type Throttled, throttle } from "@editor/lib/throttle";
import { LIVE_INTERVAL, NumberField } from "@editor/ui/number-field";
import { useEffect, useRef, useState } from "react";

interface SliderFieldProps {
  label: string;
  value: number;
  max?: number;
  onChange(value: number, gesture: string): void;
  testId?: string;
}

let gestures = 0;

/** A slider from 0 to `max` beside its number. A drag of the slider is one step of history. */
export function SliderField({ label, value, max = 1, onChange, testId }: SliderFieldProps) {
  const [draft, setDraft] = useState<number | null>(null);
  const gesture = useRef("");
  const newest = useRef(onChange);
  const send = useRef<Throttled<number> | null>(null);
  useEffect(() => {
    newest.current = onChange;
  });
  useEffect(() => () => send.current?.flush(), []);

  const begin = () => {
    gesture.current = `slider-${++gestures}`;
  };
  const live = (next: number) => {
    setDraft(next);
    send.current ??= throttle<number>(LIVE_INTERVAL, (current) => newest.current(current, gesture.current));
    send.current(next);
  };
  const end = () => {
    send.current?.flush();
    setDraft(null);
  };
  return (
    <div className="grid grid-cols-[1fr_64px] items-center gap-2">
      <input
        type="range"
        aria-label={`${label}, slider`}
        min={0}
        max={max}
        step={max / 200}
        value={Math.min(max, draft ?? value)}
        onPointerDown={begin}
        onFocus={begin}
        onChange={(event) => live(event.target.valueAsNumber)}
        onPointerUp={end}
        onKeyUp={end}
        onBlur={end}
        className="h-4 w-full min-w-0"
      />
      <NumberField
        label={label}
        prefix="↔"
        values={[draft ?? value]}
        min={0}
        {...(max === 1 && { max: 1 })}
        step={max / 100}
        {...(testId && { testId })}
        onChange={([next = 0], key) => onChange(next, key)}
      />
    </div>
  );
}
