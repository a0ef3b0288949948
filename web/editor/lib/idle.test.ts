import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whenIdle } from "./idle";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("work is done in slices, and its result told", () => {
  const told = vi.fn();
  let steps = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => steps * 5);
  const counting = {
    next: () => {
      steps++;
      return steps > 10 ? ({ done: true, value: "done" } as const) : ({ done: false, value: undefined } as const);
    },
  };
  whenIdle(counting, told);
  expect(steps).toBe(0);
  vi.runOnlyPendingTimers();
  expect(steps).toBe(2); // 10 ms are over: the page has its turn
  vi.runAllTimers();
  expect(told).toHaveBeenCalledExactlyOnceWith("done");
  now.mockRestore();
});

test("stopped work tells nothing", () => {
  const told = vi.fn();
  const stop = whenIdle([].values() as IterableIterator<never>, told);
  stop();
  vi.runAllTimers();
  expect(told).not.toHaveBeenCalled();
});
