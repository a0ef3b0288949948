export interface Throttled<T> {
  (value: T): void;
  /** Delivers what waits, now. */
  flush(): void;
  /** Forgets what waits. */
  cancel(): void;
}

/** Delivers the newest value at most every `interval` ms: the first at once, the last always. */
export function throttle<T>(interval: number, deliver: (value: T) => void): Throttled<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: { value: T } | null = null;
  const settle = () => {
    timer = undefined;
    if (!waiting) return;
    const { value } = waiting;
    waiting = null;
    timer = setTimeout(settle, interval);
    deliver(value);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const throttled = (value: T) => {
    waiting = { value };
    if (timer === undefined) settle();
  };
  return Object.assign(throttled, {
    flush() {
      stop();
      if (!waiting) return;
      const { value } = waiting;
      waiting = null;
      deliver(value);
    },
    cancel() {
      stop();
      waiting = null;
    },
  });
}
