import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { throttle } from "./throttle";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a second of moves at 60 Hz is at most 20 deliveries, the first at once and the last one kept", () => {
  const delivered: number[] = [];
  const send = throttle<number>(70, (value) => delivered.push(value));
  for (let i = 0; i < 60; i++) {
    send(i);
    vi.advanceTimersByTime(1000 / 60);
  }
  send.flush();
  expect(delivered[0]).toBe(0);
  expect(delivered.at(-1)).toBe(59);
  expect(delivered.length).toBeLessThanOrEqual(20);
});

test("what waits is delivered without a further call", () => {
  const delivered: string[] = [];
  const send = throttle<string>(70, (value) => delivered.push(value));
  send("a");
  send("b");
  vi.advanceTimersByTime(200);
  expect(delivered).toEqual(["a", "b"]);
});

test("cancel forgets what waits", () => {
  const delivered: string[] = [];
  const send = throttle<string>(70, (value) => delivered.push(value));
  send("a");
  send("b");
  send.cancel();
  vi.advanceTimersByTime(200);
  expect(delivered).toEqual(["a"]);
});
