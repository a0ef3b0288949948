/** The scene's meshes on the screen: store → mirror → objects → levels → batches, with what they need fetched on the way. */
import type { Material, PerspectiveCamera, Scene } from "three";
import { BvhCache } from "./bvh";
import type { DrawGeometry } from "./geometries";
import { Batches, cellOf, isMirrored, type Look } from "./instances";
import { MaterialCache } from "./materials";
import { type MirrorChanges, SceneMirror } from "./mirror";
import { type Drawable, type LevelPolicy, Objects } from "./objects";
import { Picker } from "./picking";
import { Placeholders } from "./placeholders";
import type { BlobSource, GeometryDecoder, SceneSource } from "./sources";
import { GeometryStream } from "./streaming";
import { TextureCache } from "./textures";
import type { NodeStats, Shading } from "./types";

export interface ContentOptions {
  readonly scene: Scene;
  readonly store: SceneSource;
  readonly blobs: BlobSource;
  readonly decoder: GeometryDecoder;
  readonly textures: { readonly maxSize: number; readonly anisotropy: number };
  /** Asks for a frame. */
  readonly invalidate: () => void;
  readonly problem: (what: "geometry" | "texture", hash: string, message: string) => void;
}

export class SceneContent {
  readonly mirror: SceneMirror;
  readonly objects: Objects;
  readonly stream: GeometryStream;
  readonly picker: Picker;
  triangles = 0;

  private readonly bvhs = new BvhCache();
  private readonly materials: MaterialCache;
  private readonly textures: TextureCache;
  private readonly batches: Batches;
  private readonly placeholders: Placeholders;
  private texturesArrived = false;
  /** Large geometries on the screen that clicks would meet as boxes. */
  private readonly unprepared = new Map<string, DrawGeometry>();

  constructor(private readonly options: ContentOptions) {
    const { store, blobs, invalidate, problem } = options;
    this.mirror = new SceneMirror(store);
    this.objects = new Objects(store, this.mirror);
    this.stream = new GeometryStream(blobs, options.decoder, invalidate, (hash, message) =>
      problem("geometry", hash, message),
    );
    this.textures = new TextureCache(store, blobs, options.textures, this.onTexture, (hash, message) =>
      problem("texture", hash, message),
    );
    this.materials = new MaterialCache(store, this.textures);
    this.batches = new Batches(options.scene);
    this.placeholders = new Placeholders(options.scene);
    this.picker = new Picker(this.bvhs, (hash) => this.stream.get(hash));
  }

  load(): MirrorChanges {
    const changes = this.mirror.load();
    this.objects.follow(changes);
    return changes;
  }

  /** Takes over changed keys of the store. */
  apply(changed: ReadonlySet<string>): MirrorChanges {
    const changes = this.mirror.apply(changed);
    for (const key of changed) this.applyResource(key);
    this.objects.follow(changes);
    return changes;
  }

  setShading(shading: Shading): void {
    this.materials.setShading(shading);
    this.objects.forgetKeys();
  }

  /** Brings batches up to date for a camera; true when another frame should follow soon. */
  update(camera: PerspectiveCamera, policy: LevelPolicy): boolean {
    if (this.texturesArrived) this.materials.update();
    this.texturesArrived = false;
    const more = this.stream.activate();
    this.stream.want(this.objects.choose(camera, policy, (hash) => this.stream.has(hash)));
    this.fill();
    return more;
  }

  geometryOf(drawable: Drawable): DrawGeometry | undefined {
    return drawable.drawn ? this.stream.get(drawable.drawn.hash) : undefined;
  }

  get hasUnprepared(): boolean {
    return this.unprepared.size > 0;
  }

  /** Builds what clicks need. Takes a core for a second a million triangles: best when all is drawn. */
  prepareForClicks(): void {
    for (const [hash, geometry] of this.unprepared) this.bvhs.prepare(hash, geometry);
    this.unprepared.clear();
  }

  nodeStats(): Map<string, NodeStats> {
    const stats = new Map<string, NodeStats>();
    for (const [id, drawable] of this.objects.drawables) {
      const level = drawable.drawn?.level ?? -1;
      stats.set(id, {
        level,
        wanted: drawable.wanted,
        triangles: this.geometryOf(drawable)?.triangles ?? 0,
        loading: drawable.visible && level !== drawable.wanted,
        visible: drawable.visible,
      });
    }
    return stats;
  }

  dispose(): void {
    this.bvhs.dispose();
    this.batches.dispose();
    this.placeholders.dispose();
    this.stream.dispose();
    this.options.decoder.close();
    this.materials.dispose();
    this.textures.dispose();
  }

  private readonly onTexture = (): void => {
    this.texturesArrived = true;
    this.options.invalidate();
  };

  private applyResource(key: string): void {
    const [root, id] = key.split("/") as [string, string | undefined];
    if (id === undefined) return;
    if (root === "meshes" || root === "lod") this.objects.meshChanged(id);
    else if (root === "textures") this.texturesArrived = true;
    else if (root === "materials") {
      this.materials.update(id);
      this.objects.forgetKeys();
    }
  }

  private fill(): void {
    const waiting: Drawable[] = [];
    const used = new Set<string>();
    this.unprepared.clear();
    for (const drawable of this.objects.drawables.values()) {
      if (!drawable.visible) continue;
      const geometry = this.geometryOf(drawable);
      if (!geometry || !drawable.drawn) {
        waiting.push(drawable);
        continue;
      }
      used.add(drawable.drawn.hash);
      if (this.bvhs.lacks(drawable.drawn.hash, geometry)) this.unprepared.set(drawable.drawn.hash, geometry);
      if (drawable.key === "") drawable.key = this.keyOf(drawable, geometry);
      this.batches.add(drawable.key, drawable, () => this.look(drawable, geometry));
    }
    this.placeholders.set(waiting);
    this.triangles = this.batches.commit(this.materials.generation).triangles;
    for (const hash of this.stream.retain(used)) this.bvhs.forget(hash);
  }

  /** Drawables with the same key are drawn by one batch. Those that blend stand alone, so that they can be sorted. */
  private keyOf(drawable: Drawable, geometry: DrawGeometry): string {
    const ids = this.materialIds(drawable, geometry);
    const alone = ids.some((id) => this.materials.blends(id))
      ? drawable.id
      : cellOf(drawable.ball.center, drawable.ball.radius);
    return [drawable.drawn?.hash, ids.join(","), isMirrored(drawable.matrix) ? "m" : "", alone].join("|");
  }

  private look(drawable: Drawable, geometry: DrawGeometry): Look {
    const ids = this.materialIds(drawable, geometry);
    return { geometry, materials: (): Material[] => ids.map((id) => this.materials.get(id, geometry)) };
  }

  private materialIds(drawable: Drawable, geometry: DrawGeometry): (string | null)[] {
    const mesh = this.options.store.mesh(drawable.meshId);
    const overrides = drawable.node.source.materials;
    return geometry.slots.map((slot) => overrides[slot] ?? mesh?.slots[slot] ?? null);
  }
}
