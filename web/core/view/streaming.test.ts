import { describe, expect, it, vi } from "vitest";
import type { GeometrySource } from "./sources";
import { GeometryStream, LIMITS, type StreamingLimits } from "./streaming";

const BYTES = 9 * 4 + 3 * 2;
const triangle = (): GeometrySource => ({
  positions: new Float32Array(9),
  texcoords: [],
  primitives: [{ slot: "s", indices: Uint32Array.of(0, 1, 2) }],
});

/** Blobs that arrive when told. */
function setup(limits: Partial<StreamingLimits> = {}) {
  const waiting = new Map<string, { arrive(): void; fail(): void }>();
  const asked: string[] = [];
  const failures: string[] = [];
  const get = (hash: string) =>
    new Promise<Uint8Array>((resolve, reject) => {
      asked.push(hash);
      waiting.set(hash, { arrive: () => resolve(new Uint8Array(10)), fail: () => reject(new Error("lost")) });
    });
  const changed = vi.fn();
  const stream = new GeometryStream(
    { get },
    { decode: async () => triangle(), close: () => {} },
    changed,
    (hash) => failures.push(hash),
    { ...LIMITS, ...limits },
  );
  const flush = () => new Promise((resolve) => setImmediate(resolve));
  const arrive = async (...hashes: string[]) => {
    for (const hash of hashes) waiting.get(hash)?.arrive();
    await flush();
  };
  const fail = async (hash: string) => {
    waiting.get(hash)?.fail();
    await flush();
  };
  return { stream, asked, failures, changed, arrive, fail };
}

const wish = (hash: string, priority = 1, ahead = 0) => ({ hash, priority, ahead });

describe("the geometry stream", () => {
  it("asks for the most needed first, a few at a time, and forgets what is no longer wanted", async () => {
    const { stream, asked, arrive } = setup({ parallel: 2 });
    stream.want([wish("low", 1), wish("high", 9), wish("middle", 5)]);
    expect(asked).toEqual(["high", "middle"]);
    stream.want([wish("other")]);
    await arrive("high");
    expect(asked).toEqual(["high", "middle", "other"]);
  });

  it("fetches the next step when the one before has arrived, while that is being decoded", async () => {
    const { stream, asked, arrive } = setup();
    stream.want([wish("third", -2, 2), wish("first", 1, 0), wish("second", 0, 1), wish("another first", 0.5, 0)]);
    expect(asked).toEqual(["first", "another first"]);
    await arrive("first");
    expect(asked).toEqual(["first", "another first"]);
    await arrive("another first");
    expect(asked.slice(2)).toEqual(["second"]);
    expect([stream.has("first"), stream.has("another first")]).toEqual([false, false]);
    stream.activate();
    stream.want([wish("third", 0, 1), wish("second", 1, 0)]); // seen from what is drawn now
    expect(asked.slice(3)).toEqual([]);
    await arrive("second");
    expect(asked.slice(3)).toEqual(["third"]);
  });

  it("asks once for what is under way or there", async () => {
    const { stream, asked, arrive } = setup();
    stream.want([wish("a")]);
    stream.want([wish("a")]);
    await arrive("a");
    stream.activate();
    stream.want([wish("a")]);
    expect(asked).toEqual(["a"]);
    expect(stream.fetchedBytes).toBe(10);
  });

  it("hands over to the GPU no more than a frame's share", async () => {
    const { stream, arrive, changed } = setup({ bytesPerFrame: BYTES });
    stream.want([wish("a"), wish("b")]);
    await arrive("a", "b");
    expect(changed).toHaveBeenCalledTimes(2);
    expect([stream.has("a"), stream.has("b")]).toEqual([false, false]);
    expect(stream.activate()).toBe(true);
    expect([stream.has("a"), stream.has("b")]).toEqual([true, false]);
    expect(stream.activate()).toBe(false);
    expect([stream.has("b"), stream.pending, stream.heldBytes]).toEqual([true, 0, 2 * BYTES]);
  });

  it("drops the longest unused when memory is short, never what is drawn", async () => {
    const { stream, arrive } = setup({ memory: BYTES * 2 });
    stream.want([wish("a"), wish("b"), wish("c")]);
    await arrive("a", "b", "c");
    stream.activate();
    expect(stream.retain(["a", "b", "c"])).toEqual([]);
    stream.retain(["a", "b", "c"]);
    expect(stream.retain(["a", "c"])).toEqual(["b"]);
    expect([stream.has("a"), stream.has("b"), stream.heldBytes]).toEqual([true, false, 2 * BYTES]);
  });

  it("reports a failure once and tries again after a pause", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { stream, asked, failures, fail } = setup({ retry: 1000 });
      stream.want([wish("a")]);
      await fail("a");
      stream.want([wish("a")]);
      expect([failures, asked]).toEqual([["a"], ["a"]]);
      vi.advanceTimersByTime(1000);
      stream.want([wish("a")]);
      await fail("a");
      expect([failures, asked]).toEqual([["a"], ["a", "a"]]);
      stream.dispose();
    } finally {
      vi.useRealTimers();
    }
  });
});
