/** Many steps as one, without going over the earlier ones each time. */

import { type Change, joined, ordered, ownerOf, type Step, targetKey } from "./steps";

export class StepMerger {
  readonly #changes = new Map<string, Change>();
  readonly #created = new Set<string>();

  add(step: Step): void {
    const created = step.flatMap((change) => ("create" in change ? ownerOf(change) : []));
    for (const change of step) {
      if (this.#created.has(ownerOf(change))) continue;
      const key = targetKey(change);
      this.#changes.set(key, joined(this.#changes.get(key), change));
    }
    for (const owner of created) this.#created.add(owner);
  }

  /** The first `before` and the last `after` of each thing (U6). */
  step(): Step {
    return ordered([...this.#changes.values()]);
  }

  /** How many things were changed, as they are counted for people; what ended where it began counts too. */
  get size(): number {
    return this.#changes.size;
  }

  clear(): void {
    this.#changes.clear();
    this.#created.clear();
  }
}

/** One step that does what both did (U6). */
export function merge(first: Step, second: Step): Step {
  const merger = new StepMerger();
  merger.add(first);
  merger.add(second);
  return merger.step();
}
