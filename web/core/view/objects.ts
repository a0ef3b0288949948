/** What is drawn for each node with a mesh: its bounds in the world, the level it should have and the one it has. */
import { Box3, Frustum, Matrix4, type PerspectiveCamera, Sphere, Vector3 } from "three";
import { type Bounds, coverage, tuple } from "./camera";
import { type BudgetItem, drawableLevel, levelSteps, levelWithHysteresis, optionFor, withinBudget } from "./levels";
import { type MeshFacts, readFacts } from "./mesh-facts";
import type { MirrorChanges, MirrorNode, SceneMirror } from "./mirror";
import type { SceneSource } from "./sources";
import type { Wish } from "./streaming";

export interface Drawable {
  readonly id: string;
  readonly node: MirrorNode;
  meshId: string;
  facts: MeshFacts | null;
  /** Material ids by slot are looked up under this key; empties when they may differ. */
  key: string;
  readonly matrix: Matrix4;
  moves: number;
  /** Bounding ball in the world. */
  readonly ball: Sphere;
  /** Axis-aligned bounds in the world. */
  readonly box: Box3;
  visible: boolean;
  coverage: number;
  wanted: number;
  /** What is drawn: a level of the head, or what was drawn of an earlier revision until the head is there. */
  drawn: { readonly hash: string; readonly level: number } | null;
}

export interface LevelPolicy {
  readonly mode: "auto" | number;
  readonly budget: number;
}

export class Objects {
  readonly drawables = new Map<string, Drawable>();
  private readonly facts = new Map<string, MeshFacts | null>();
  private readonly byMesh = new Map<string, Set<Drawable>>();

  constructor(
    private readonly store: SceneSource,
    private readonly mirror: SceneMirror,
  ) {}

  /** Follows what the mirror took over. */
  follow(changes: MirrorChanges): void {
    for (const id of changes.removed) this.remove(id);
    for (const id of changes.content) this.attach(this.mirror.nodes.get(id) as MirrorNode);
    for (const id of changes.moved) {
      const drawable = this.drawables.get(id);
      if (drawable) place(drawable);
    }
  }

  /** A mesh has another head, other levels or other materials. */
  meshChanged(mesh: string): void {
    this.facts.delete(mesh);
    for (const drawable of this.byMesh.get(mesh) ?? []) {
      drawable.facts = this.factsOf(mesh);
      place(drawable);
    }
  }

  /** Batches must be found anew: a material changed its way of blending, or geometries were dropped. */
  forgetKeys(): void {
    for (const drawable of this.drawables.values()) drawable.key = "";
  }

  /** Chooses what each drawable should show and shows what is loaded. Returns what to fetch, most needed first by priority. */
  choose(camera: PerspectiveCamera, policy: LevelPolicy, loaded: (hash: string) => boolean): Wish[] {
    const shown = this.visibleFrom(camera);
    this.decide(shown, policy);
    const wishes = new Map<string, Wish>();
    const ready = readiness(loaded);
    for (const drawable of shown) settle(drawable, ready(drawable.facts as MeshFacts), loaded, wishes);
    return [...wishes.values()];
  }

  /** The bounds of the given nodes and what is below them; around everything visible when there are none. */
  bounds(ids: readonly string[] = []): Bounds | null {
    const within = ids.length > 0 ? this.below(ids) : this.drawables.values();
    const box = new Box3();
    for (const drawable of within) if (drawable.facts && !drawable.node.hidden) box.union(drawable.box);
    if (box.isEmpty()) return null;
    const half = box.getSize(new Vector3()).multiplyScalar(0.5);
    return { center: tuple(box.getCenter(new Vector3())), half: tuple(half), radius: half.length() };
  }

  *below(ids: Iterable<string>): Generator<Drawable> {
    for (const id of ids) {
      for (const node of this.mirror.subtree(id)) {
        const drawable = this.drawables.get(node.id);
        if (drawable) yield drawable;
      }
    }
  }

  private remove(id: string): void {
    const drawable = this.drawables.get(id);
    if (!drawable) return;
    this.byMesh.get(drawable.meshId)?.delete(drawable);
    this.drawables.delete(id);
  }

  private attach(node: MirrorNode): void {
    const mesh = node.source.mesh;
    const known = this.drawables.get(node.id);
    if (known && known.meshId === mesh) {
      known.key = "";
      return;
    }
    this.remove(node.id);
    if (!mesh) return;
    const drawable = freshDrawable(node, mesh, this.factsOf(mesh));
    this.drawables.set(node.id, drawable);
    const users = this.byMesh.get(mesh) ?? new Set();
    this.byMesh.set(mesh, users.add(drawable));
    place(drawable);
  }

  private factsOf(mesh: string): MeshFacts | null {
    let facts = this.facts.get(mesh);
    if (facts === undefined) {
      facts = readFacts(this.store, mesh);
      this.facts.set(mesh, facts);
    }
    return facts;
  }

  private visibleFrom(camera: PerspectiveCamera): Drawable[] {
    const frustum = new Frustum().setFromProjectionMatrix(
      new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse),
    );
    const tangent = Math.tan((camera.fov * Math.PI) / 360);
    const shown: Drawable[] = [];
    for (const drawable of this.drawables.values()) {
      drawable.visible = !drawable.node.hidden && drawable.facts !== null && frustum.intersectsSphere(drawable.ball);
      if (!drawable.visible) continue;
      drawable.coverage = coverage(camera.position, drawable.ball.center, drawable.ball.radius, tangent);
      shown.push(drawable);
    }
    return shown;
  }

  private decide(shown: readonly Drawable[], policy: LevelPolicy): void {
    const items = shown.map((drawable) => budgetItem(drawable, policy.mode));
    const chosen = policy.mode === "auto" ? withinBudget(items, policy.budget) : items.map((item) => item.wanted);
    shown.forEach((drawable, index) => {
      drawable.wanted = items[index]?.options[chosen[index] as number]?.level ?? 0;
    });
  }
}

/** More than any urgency: what anybody needs next goes before what somebody needs later. */
const FIRST_STEP = 1000;

type Ready = { readonly levels: readonly number[]; readonly set: ReadonlySet<number> };

/** The levels that are loaded, looked up once for all nodes of a mesh. */
function readiness(loaded: (hash: string) => boolean): (facts: MeshFacts) => Ready {
  const known = new Map<MeshFacts, Ready>();
  return (facts) => {
    let ready = known.get(facts);
    if (!ready) {
      const levels = facts.options
        .map((option) => option.level)
        .filter((level) => loaded(facts.hashes.get(level) as string));
      ready = { levels, set: new Set(levels) };
      known.set(facts, ready);
    }
    return ready;
  };
}

/** Shows the best that is loaded and wishes for what is better. */
function settle(drawable: Drawable, ready: Ready, loaded: (hash: string) => boolean, wishes: Map<string, Wish>): void {
  const { options, hashes } = drawable.facts as MeshFacts;
  const level = drawableLevel(drawable.wanted, ready.levels);
  if (level !== null) show(drawable, hashes.get(level) as string, level);
  else if (drawable.drawn && !loaded(drawable.drawn.hash)) drawable.drawn = null;
  const urgency = Math.min(drawable.coverage, 10) + (level === null ? 100 : 0);
  levelSteps(drawable.wanted, options, ready.set).forEach((step, ahead) => {
    const hash = hashes.get(step) as string;
    const priority = urgency - ahead * FIRST_STEP;
    if (priority > (wishes.get(hash)?.priority ?? Number.NEGATIVE_INFINITY))
      wishes.set(hash, { hash, priority, ahead });
  });
}

function freshDrawable(node: MirrorNode, meshId: string, facts: MeshFacts | null): Drawable {
  return {
    id: node.id,
    node,
    meshId,
    facts,
    key: "",
    matrix: new Matrix4(),
    moves: 0,
    ball: new Sphere(),
    box: new Box3(),
    visible: false,
    coverage: 0,
    wanted: -1,
    drawn: null,
  };
}

function show(drawable: Drawable, hash: string, level: number): void {
  if (drawable.drawn?.hash === hash && drawable.drawn.level === level) return;
  drawable.drawn = { hash, level };
  drawable.key = "";
}

function budgetItem(drawable: Drawable, mode: "auto" | number): BudgetItem {
  const facts = drawable.facts as MeshFacts;
  const level = mode === "auto" ? levelWithHysteresis(drawable.coverage, facts.thresholds, drawable.wanted) : mode;
  return {
    options: facts.options,
    wanted: optionFor(level, facts.options),
    coverage: drawable.coverage,
    previous: drawable.drawn?.level ?? null,
  };
}

/** Puts the world matrix (with the revision's origin) and the bounding ball where the node is. */
function place(drawable: Drawable): void {
  const { facts, node } = drawable;
  drawable.matrix.copy(node.world);
  drawable.moves += 1;
  drawable.key = "";
  if (!facts) return;
  if (facts.origin.lengthSq() > 0) drawable.matrix.multiply(new Matrix4().makeTranslation(facts.origin));
  drawable.ball.center.copy(facts.center).applyMatrix4(node.world);
  drawable.ball.radius = extent(facts.half, node.world);
  drawable.box.min.copy(facts.center).sub(facts.half);
  drawable.box.max.copy(facts.center).add(facts.half);
  drawable.box.applyMatrix4(node.world);
}

/** Half the diagonal of a box with these half sides after a matrix: the longest of its four diagonals. */
function extent(half: Vector3, matrix: Matrix4): number {
  const linear = matrix.clone().setPosition(0, 0, 0);
  let longest = 0;
  for (const [x, y] of [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const) {
    longest = Math.max(longest, new Vector3(half.x * x, half.y * y, half.z).applyMatrix4(linear).length());
  }
  return Math.max(longest, 1e-9);
}
