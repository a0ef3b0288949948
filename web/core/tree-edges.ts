/** Edges of the tree: the entries of a node's `parents`, which one is preferred, and which one goes first. */

import { fitsEntry } from "./checks";

export interface Edge {
  readonly child: string;
  readonly parent: string;
  readonly counter: number;
  readonly order: string;
}

/** Compares by UTF-16 code units. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The valid entries of `parents` (T1). */
export function edgesOf(child: string, entries: Iterable<[string, unknown]>): Edge[] {
  const edges: Edge[] = [];
  for (const [parent, value] of entries) {
    if (!fitsEntry("nodes", "parents", parent, value, "read")) continue;
    const [counter, order] = value as [number, string];
    edges.push({ child, parent, counter, order });
  }
  return edges;
}

/** T2: the highest counter, ties to the greatest parent id. */
export function preferred(edges: readonly Edge[]): Edge | undefined {
  let best: Edge | undefined;
  for (const edge of edges) {
    if (
      best === undefined ||
      edge.counter > best.counter ||
      (edge.counter === best.counter && edge.parent > best.parent)
    )
      best = edge;
  }
  return best;
}

/** Ready edges, best first (SPEC T3): highest counter, then greatest parent id, then smallest child id. */
export class EdgeHeap {
  readonly #edges: Edge[] = [];

  push(edge: Edge): void {
    const edges = this.#edges;
    let at = edges.push(edge) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!goesFirst(edge, edges[up] as Edge)) break;
      edges[at] = edges[up] as Edge;
      at = up;
    }
    edges[at] = edge;
  }

  pop(): Edge | undefined {
    const edges = this.#edges;
    const best = edges[0];
    const last = edges.pop();
    if (last !== undefined && edges.length > 0) this.#sink(last);
    return best;
  }

  #sink(edge: Edge): void {
    const edges = this.#edges;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= edges.length) break;
      if (down + 1 < edges.length && goesFirst(edges[down + 1] as Edge, edges[down] as Edge)) down++;
      if (!goesFirst(edges[down] as Edge, edge)) break;
      edges[at] = edges[down] as Edge;
      at = down;
    }
    edges[at] = edge;
  }
}

function goesFirst(a: Edge, b: Edge): boolean {
  if (a.counter !== b.counter) return a.counter > b.counter;
  if (a.parent !== b.parent) return a.parent > b.parent;
  return a.child < b.child;
}
