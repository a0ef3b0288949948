import { describe, expect, it } from "vitest";
import {
  type BudgetItem,
  drawableLevel,
  HYSTERESIS,
  levelFor,
  levelSteps,
  levelWithHysteresis,
  optionFor,
  withinBudget,
} from "./levels";

const THRESHOLDS = new Map([
  [1, { coverage: 0.5 }],
  [2, { coverage: 0.25 }],
  [3, { coverage: 0.12 }],
]);
const OPTIONS = [
  { level: 0, triangles: 100_000 },
  { level: 1, triangles: 50_000 },
  { level: 2, triangles: 25_000 },
  { level: 3, triangles: 1_000 },
];
const item = (coverage: number, wanted = 0, previous: number | null = null): BudgetItem => ({
  options: OPTIONS,
  wanted,
  coverage,
  previous,
});
const total = (items: readonly BudgetItem[], chosen: readonly number[]) =>
  chosen.reduce((sum, option, i) => sum + (items[i]?.options[option]?.triangles ?? 0), 0);

describe("the level by coverage", () => {
  it("is the coarsest whose threshold lies above the coverage", () => {
    expect([2, 0.5, 0.49, 0.25, 0.2, 0.01].map((c) => levelFor(c, THRESHOLDS))).toEqual([0, 0, 1, 1, 2, 3]);
    expect(levelFor(0.01, new Map())).toBe(0);
  });

  it("stays while the coverage is within the band around a threshold, and changes beyond it", () => {
    const inside = 0.5 * (1 - HYSTERESIS / 2);
    expect(levelWithHysteresis(inside, THRESHOLDS, 0)).toBe(0);
    expect(levelWithHysteresis(inside, THRESHOLDS, 1)).toBe(1);
    expect(levelWithHysteresis(0.5 * (1 - HYSTERESIS) * 0.99, THRESHOLDS, 0)).toBe(1);
    expect(levelWithHysteresis((0.5 / (1 - HYSTERESIS)) * 1.01, THRESHOLDS, 1)).toBe(0);
    expect(levelWithHysteresis(0.01, THRESHOLDS, 0)).toBe(3);
  });

  it("does not flicker when the coverage trembles", () => {
    let level = levelWithHysteresis(0.5, THRESHOLDS, null);
    const first = level;
    for (let i = 0; i < 50; i++) {
      level = levelWithHysteresis(0.5 + (i % 2 ? 0.02 : -0.02), THRESHOLDS, level);
      expect(level).toBe(first);
    }
  });

  it("takes the next finer level where one was not built", () => {
    const built = [OPTIONS[0], OPTIONS[2]] as typeof OPTIONS;
    expect([0, 1, 2, 3].map((level) => built[optionFor(level, built)]?.level)).toEqual([0, 0, 2, 2]);
  });
});

describe("the triangle budget", () => {
  it("leaves everything as wanted while it suffices", () => {
    expect(withinBudget([item(1), item(0.3, 1)], 150_000)).toEqual([0, 1]);
  });

  it("coarsens what covers least first", () => {
    const items = [item(1), item(0.05), item(0.6)];
    const chosen = withinBudget(items, 230_000);
    expect(total(items, chosen)).toBeLessThanOrEqual(230_000);
    expect(chosen[0]).toBe(0);
    expect(chosen[1]).toBeGreaterThan(0);
  });

  it("is met whenever the coarsest levels meet it, and otherwise takes those", () => {
    const items = Array.from({ length: 100 }, (_, i) => item(0.01 * (i + 1)));
    expect(total(items, withinBudget(items, 700_000))).toBeLessThanOrEqual(700_000);
    expect(withinBudget(items, 10)).toEqual(items.map(() => 3));
  });

  it("prefers to leave what is drawn as it is", () => {
    const chosen = withinBudget([item(0.5, 0, 1), item(0.5, 0, 0)], 150_000);
    expect(chosen).toEqual([1, 0]);
  });
});

describe("streaming", () => {
  const sequence = (wanted: number) => levelSteps(wanted, OPTIONS, new Set());

  it("begins with the coarsest and ends with the wanted level, in steps that pay", () => {
    expect(sequence(0)).toEqual([3, 2, 0]);
    expect(sequence(1)).toEqual([3, 2, 1]);
  });

  it("fetches from afar only the coarsest", () => {
    expect(sequence(3)).toEqual([3]);
  });

  it("goes straight to a coarser level when a finer one is loaded", () => {
    expect(levelSteps(2, OPTIONS, new Set([0]))).toEqual([2]);
    expect(levelSteps(2, OPTIONS, new Set([2, 3]))).toEqual([]);
  });

  it("draws the wanted level, else the nearest coarser, else the nearest finer that is loaded", () => {
    expect(drawableLevel(1, [0, 1, 3])).toBe(1);
    expect(drawableLevel(1, [0, 2, 3])).toBe(2);
    expect(drawableLevel(3, [0, 1])).toBe(1);
    expect(drawableLevel(0, [])).toBeNull();
  });
});
