/** The 3D view of a scene, in plain three.js: what the editor and AR use. It draws when something changed, not all the time. */
import { GeometryPool } from "@core/geometry-pool";
import { applyPose, type Ball, framing, HOME, orbit, sideView } from "./camera";
import { SceneContent } from "./content";
import { Environment } from "./environment";
import { Flight } from "./flight";
import type { Viewport } from "./gizmo";
import { Grid } from "./grid";
import { Helpers } from "./helpers";
import { highlightColors, highlightOutlines } from "./highlights";
import { Interaction } from "./interaction";
import type { MirrorChanges } from "./mirror";
import type { LevelPolicy } from "./objects";
import { Outlines } from "./outlines";
import { People } from "./people";
import { Stage } from "./renderer";
import { report } from "./report";
import { screenshot } from "./screenshot";
import type { BlobSource, GeometryDecoder, SceneSource } from "./sources";
import type { CameraPose, Person, Shading, Side, Snap, Space, Tool, ViewCallbacks, ViewStats } from "./types";

export type * from "./types";

export interface ViewOptions {
  readonly canvas: HTMLCanvasElement;
  /** Covers the canvas, ignores pointers: names of people are put here. */
  readonly overlay: HTMLElement;
  readonly store: SceneSource;
  readonly blobs: BlobSource;
  readonly callbacks: ViewCallbacks;
  /** Where geometry is decoded, closed with the view; a pool of workers when absent. */
  readonly decoder?: GeometryDecoder;
}

export const DEFAULT_BUDGET = 3_000_000;

export class SceneView {
  private readonly stage: Stage;
  private readonly content: SceneContent;
  private readonly environment: Environment;
  private readonly grid = new Grid();
  private readonly outlines = new Outlines();
  private readonly helpers: Helpers;
  private readonly people: People;
  private readonly interaction: Interaction;
  private readonly flight = new Flight();
  private readonly pending = new Set<string>();
  private readonly unsubscribe: () => void;

  private pose: CameraPose = HOME;
  private selection: ReadonlySet<string> = new Set();
  private policy: LevelPolicy = { mode: "auto", budget: DEFAULT_BUDGET };
  private ball: Ball | null = null;
  private frames = 0;
  private frameTime = 0;
  private drawCalls = 0;

  constructor(private readonly options: ViewOptions) {
    const { canvas, overlay, store, blobs, decoder = preparedPool() } = options;
    this.stage = new Stage(canvas, () => this.draw());
    const { renderer, scene, invalidate } = this.stage;
    this.environment = new Environment(scene);
    scene.add(this.grid.object);
    const textures = {
      maxSize: Math.min(renderer.capabilities.maxTextureSize, 8192),
      anisotropy: Math.min(renderer.capabilities.getMaxAnisotropy(), 8),
    };
    const problem = (what: "geometry" | "texture", hash: string, message: string) =>
      this.options.callbacks.onProblem?.({ what, hash, message });
    this.content = new SceneContent({ scene, store, blobs, decoder, textures, invalidate, problem });
    this.helpers = new Helpers(scene, store);
    this.people = new People(scene, overlay);
    this.interaction = this.interact();
    this.take(this.content.load());
    this.unsubscribe = store.subscribeAll((changed) => {
      for (const key of changed) this.pending.add(key);
      invalidate();
    });
    invalidate();
  }

  setTool(tool: Tool): void {
    this.cancel();
    this.interaction.gizmo.tool = tool;
    this.stage.invalidate();
  }

  setSpace(space: Space): void {
    this.interaction.gizmo.space = space;
    this.stage.invalidate();
  }

  setSnap(snap: Snap | null): void {
    this.interaction.gizmo.snap = snap;
  }

  setSelection(ids: readonly string[]): void {
    this.selection = new Set(ids);
    this.stage.invalidate();
  }

  setPeople(people: readonly Person[]): void {
    this.people.set(people);
    this.stage.invalidate();
  }

  setGrid(visible: boolean): void {
    this.grid.object.visible = visible;
    this.stage.invalidate();
  }

  /** `auto` chooses by coverage under the budget; a number shows that level of every mesh (0: the base). */
  setLevel(mode: "auto" | number): void {
    this.policy = { ...this.policy, mode };
    this.stage.invalidate();
  }

  setTriangleBudget(triangles: number): void {
    this.policy = { ...this.policy, budget: triangles };
    this.stage.invalidate();
  }

  setShading(shading: Shading): void {
    this.content.setShading(shading);
    this.stage.invalidate();
  }

  /** Shows the given nodes (everything when absent or empty). */
  frame(ids: readonly string[] = []): void {
    this.takeChanges();
    const bounds = this.content.objects.bounds(ids) ?? this.helpers.bounds(ids);
    if (bounds) this.fly(framing(this.pose, bounds, this.stage.width / this.stage.height));
    else if (ids.length === 0) this.fly(HOME);
  }

  viewFrom(side: Side): void {
    this.fly(sideView(this.pose, side));
  }

  /** Turns around the target by radians. */
  orbit(dx: number, dy: number): void {
    this.setPose(orbit(this.pose, dx, dy));
  }

  /** Where the camera stands now, or jumps there. */
  get camera(): CameraPose {
    return this.pose;
  }

  set camera(pose: CameraPose) {
    this.setPose(pose);
  }

  /** Ends a drag of the gizmo and puts the values of before back; false when there was none. */
  cancel(): boolean {
    return this.interaction.cancel();
  }

  stats(): ViewStats {
    const { content } = this;
    return {
      triangles: this.content.triangles,
      drawCalls: this.drawCalls,
      frames: this.frames,
      frameTime: this.frameTime,
      loading: this.content.stream.pending,
      fetchedBytes: this.content.stream.fetchedBytes,
      gpuBytes: this.content.stream.heldBytes,
      get nodes() {
        return content.nodeStats();
      },
    };
  }

  /** A PNG of the scene without gizmo, grid and outlines. */
  screenshot(width: number, height: number): Promise<Blob> {
    const picture = screenshot(this.stage, width, height, () => this.drawPlain());
    this.draw();
    return picture;
  }

  dispose(): void {
    this.unsubscribe();
    this.interaction.dispose();
    this.people.dispose();
    this.helpers.dispose();
    this.outlines.dispose();
    this.grid.dispose();
    this.content.dispose();
    this.environment.dispose();
    this.stage.dispose();
  }

  private interact(): Interaction {
    const { canvas, overlay, callbacks } = this.options;
    const { content, helpers } = this;
    return new Interaction({
      canvas,
      overlay,
      callbacks,
      content,
      helpers,
      scene: this.stage.overlay,
      selection: () => this.selection,
      pose: () => this.pose,
      setPose: (pose) => this.setPose(pose),
      viewport: () => this.viewport(),
      invalidate: this.stage.invalidate,
    });
  }

  private viewport(): Viewport {
    const { camera, width, height } = this.stage;
    applyPose(camera, this.pose, this.ball);
    return { camera, width, height };
  }

  private draw(): void {
    const started = performance.now();
    const version = this.options.store.version;
    this.takeChanges();
    const flown = this.flight.step(started);
    if (flown) this.moveTo(flown);
    const { camera, width, height } = this.stage;
    this.ball ??= this.content.objects.bounds();
    applyPose(camera, this.pose, this.ball);
    const more = this.content.update(camera, this.policy);
    this.arrange();
    this.people.update({ camera, width, height });
    this.stage.render(() => this.outlines.render(this.stage.renderer, camera));
    this.drawCalls = this.stage.renderer.info.render.calls;
    this.frames += 1;
    this.frameTime = performance.now() - started;
    this.publish(version, more);
    if (more || this.flight.flying) this.stage.invalidate();
  }

  /** Everything beside the meshes: light, grid, figures, outlines, gizmo. */
  private arrange(): void {
    const { camera, height } = this.stage;
    this.environment.update(camera, this.helpers.lights);
    this.grid.update(this.pose);
    this.helpers.update(camera, height, highlightColors(this.people.list, this.selection), true);
    this.outlines.set([...highlightOutlines(this.people.list, this.selection, this.content)]);
    this.interaction.gizmo.update(camera, height);
  }

  private drawPlain(): void {
    const { camera, renderer, scene } = this.stage;
    const gridShown = this.grid.object.visible;
    this.grid.object.visible = false;
    this.helpers.update(camera, this.stage.height, new Map(), false);
    this.people.setVisible(false);
    renderer.clear();
    renderer.render(scene, camera);
    this.grid.object.visible = gridShown;
  }

  private publish(version: number, more: boolean): void {
    const { canvas, callbacks } = this.options;
    const { content, flight, stage } = this;
    const settled = report(canvas, { version, content, flying: flight.flying, more });
    if (settled && content.hasUnprepared) stage.whenDrawn(() => content.prepareForClicks());
    if (callbacks.onStats) callbacks.onStats(this.stats());
  }

  private takeChanges(): void {
    if (this.pending.size === 0) return;
    const changed = new Set(this.pending);
    this.pending.clear();
    this.take(this.content.apply(changed));
    for (const node of this.helpers.usersOf(changed)) this.helpers.refresh(node, node.id);
  }

  private take(changes: MirrorChanges): void {
    this.ball = null;
    for (const id of changes.content) this.helpers.refresh(this.content.mirror.nodes.get(id), id);
    for (const id of changes.removed) this.helpers.refresh(undefined, id);
  }

  /** Flies there, or jumps where there is nothing on the screen to follow with the eyes. */
  private fly(to: CameraPose): void {
    if (this.content.triangles === 0) {
      this.setPose(to);
      return;
    }
    this.moveTo(this.flight.begin(this.pose, to));
    this.stage.invalidate();
  }

  private setPose(pose: CameraPose): void {
    this.flight.stop();
    this.moveTo(pose);
    this.stage.invalidate();
  }

  private moveTo(pose: CameraPose): void {
    this.pose = pose;
    this.options.callbacks.onCameraChange?.(pose);
  }
}

function preparedPool(): GeometryPool {
  const pool = new GeometryPool();
  pool.prepare();
  return pool;
}
