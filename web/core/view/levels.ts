/**
 * Which level of detail to draw, as pure functions: by how much of the viewport's height an object covers, with
 * hysteresis, under a triangle budget for the whole scene. Level 0 is the base, higher levels are coarser.
 */

/** A level that exists: what it costs and where it is. */
export interface LevelOption {
  readonly level: number;
  readonly triangles: number;
}

export type Thresholds = ReadonlyMap<number, { readonly coverage: number }>;

/** Relative width of the band around a threshold in which the present level stays. */
export const HYSTERESIS = 0.12;
/** One step of streaming multiplies the triangles by at least this, so that steps on the way cost little. */
export const STREAM_STEP = 8;
/** What an object already drawn at a level is worth more than one that would have to change. */
const STICKINESS = 1.25;

/** The coarsest level whose threshold the coverage stays below; 0 where there is none. */
export function levelFor(coverage: number, thresholds: Thresholds): number {
  let chosen = 0;
  for (const [level, setting] of thresholds) {
    if (coverage < setting.coverage && level > chosen) chosen = level;
  }
  return chosen;
}

/** `levelFor`, but the previous level stays while the coverage is within the band around its thresholds. */
export function levelWithHysteresis(coverage: number, thresholds: Thresholds, previous: number | null): number {
  if (previous !== null) {
    const finest = levelFor(coverage * (1 + HYSTERESIS), thresholds);
    const coarsest = levelFor(coverage * (1 - HYSTERESIS), thresholds);
    if (previous >= finest && previous <= coarsest) return previous;
  }
  return levelFor(coverage, thresholds);
}

/** Index of the option for a level: itself, or the next finer one that exists. `options` by ascending level. */
export function optionFor(level: number, options: readonly LevelOption[]): number {
  let index = 0;
  while (index + 1 < options.length && (options[index + 1] as LevelOption).level <= level) index += 1;
  return index;
}

export interface BudgetItem {
  /** By ascending level. */
  readonly options: readonly LevelOption[];
  /** Index of the option that the coverage asks for. */
  readonly wanted: number;
  readonly coverage: number;
  /** The level drawn before, if any. */
  readonly previous: number | null;
}

/**
 * Indices of options, one per item, whose triangles sum to at most `budget` where that is possible: the steps to a
 * coarser option are taken in the order of least coverage lost per triangle saved.
 */
export function withinBudget(items: readonly BudgetItem[], budget: number): number[] {
  const chosen = items.map((item) => item.wanted);
  let total = items.reduce((sum, item) => sum + trianglesAt(item, item.wanted), 0);
  if (total <= budget) return chosen;
  const heap = new MinHeap();
  items.forEach((item, index) => {
    pushStep(heap, item, index, item.wanted);
  });
  while (total > budget) {
    const index = heap.pop();
    if (index === undefined) break;
    const item = items[index] as BudgetItem;
    const from = chosen[index] as number;
    total -= trianglesAt(item, from) - trianglesAt(item, from + 1);
    chosen[index] = from + 1;
    pushStep(heap, item, index, from + 1);
  }
  return chosen;
}

function trianglesAt(item: BudgetItem, option: number): number {
  return item.options[option]?.triangles ?? 0;
}

function pushStep(heap: MinHeap, item: BudgetItem, index: number, option: number): void {
  if (option + 1 >= item.options.length) return;
  const saved = trianglesAt(item, option) - trianglesAt(item, option + 1);
  const keeps = item.options[option]?.level === item.previous ? STICKINESS : 1;
  heap.push((Math.min(item.coverage, 4) ** 2 * keeps) / Math.max(saved, 1), index);
}

/** The level to draw now: the wanted one, else the nearest coarser one that is loaded, else the nearest finer one. */
export function drawableLevel(wanted: number, loaded: readonly number[]): number | null {
  const coarser = loaded.filter((level) => level >= wanted);
  if (coarser.length > 0) return Math.min(...coarser);
  return loaded.length > 0 ? Math.max(...loaded) : null;
}

/**
 * The level to fetch next, or null when the wanted one is loaded: the coarsest first, then in steps of at least
 * `STREAM_STEP`, so that something shows early and a far view never fetches what it does not show.
 */
function nextLevel(wanted: number, options: readonly LevelOption[], loaded: ReadonlySet<number>): number | null {
  if (loaded.has(wanted)) return null;
  const coarserLoaded = options.filter((option) => option.level > wanted && loaded.has(option.level));
  const finerLoaded = options.some((option) => option.level < wanted && loaded.has(option.level));
  if (finerLoaded) return wanted;
  const between = options.filter((option) => option.level >= wanted && !loaded.has(option.level));
  const reached = coarserLoaded[0]?.triangles ?? 0;
  const goal = options.find((option) => option.level === wanted)?.triangles ?? 0;
  const steps = between.filter(
    (option) =>
      option.level < (coarserLoaded[0]?.level ?? Number.POSITIVE_INFINITY) &&
      option.triangles >= reached * STREAM_STEP &&
      option.triangles * 2 <= goal,
  );
  return steps.at(-1)?.level ?? wanted;
}

/** The levels to fetch one after another until the wanted one is loaded. */
export function levelSteps(wanted: number, options: readonly LevelOption[], loaded: ReadonlySet<number>): number[] {
  const steps: number[] = [];
  let have = loaded;
  for (let next = nextLevel(wanted, options, have); next !== null; next = nextLevel(wanted, options, have)) {
    steps.push(next);
    have = new Set([...have, next]);
  }
  return steps;
}

/** Indices by ascending weight. */
class MinHeap {
  private readonly entries: { weight: number; index: number }[] = [];

  push(weight: number, index: number): void {
    const entries = this.entries;
    let at = entries.push({ weight, index }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (weightAt(entries, parent) <= weightAt(entries, at)) return;
      swap(entries, parent, at);
      at = parent;
    }
  }

  pop(): number | undefined {
    const entries = this.entries;
    if (entries.length === 0) return undefined;
    swap(entries, 0, entries.length - 1);
    const least = entries.pop();
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = weightAt(entries, left + 1) < weightAt(entries, left) ? left + 1 : left;
      if (weightAt(entries, child) >= weightAt(entries, at)) break;
      swap(entries, at, child);
      at = child;
    }
    return least?.index;
  }
}

function weightAt(entries: readonly { weight: number }[], index: number): number {
  return entries[index]?.weight ?? Number.POSITIVE_INFINITY;
}

function swap<T>(entries: T[], a: number, b: number): void {
  const kept = entries[a] as T;
  entries[a] = entries[b] as T;
  entries[b] = kept;
}
