/** Images by blob hash, decoded off the main thread, and three.js textures that share them under different uses. */
import {
  ClampToEdgeWrapping,
  TextureSource as ImageSource,
  LinearFilter,
  LinearMipmapLinearFilter,
  LinearMipmapNearestFilter,
  type MagnificationTextureFilter,
  type MinificationTextureFilter,
  MirroredRepeatWrapping,
  NearestFilter,
  NearestMipmapLinearFilter,
  NearestMipmapNearestFilter,
  NoColorSpace,
  RepeatWrapping,
  SRGBColorSpace,
  Texture,
} from "three";
import { MAX_CHANNELS } from "./geometries";
import type { BlobSource, SceneSource, TextureSource, TextureUse } from "./sources";

const WRAP = {
  REPEAT: RepeatWrapping,
  MIRRORED_REPEAT: MirroredRepeatWrapping,
  CLAMP_TO_EDGE: ClampToEdgeWrapping,
} as const;
const FILTERS: Readonly<Record<string, number>> = {
  NEAREST: NearestFilter,
  LINEAR: LinearFilter,
  NEAREST_MIPMAP_NEAREST: NearestMipmapNearestFilter,
  LINEAR_MIPMAP_NEAREST: LinearMipmapNearestFilter,
  NEAREST_MIPMAP_LINEAR: NearestMipmapLinearFilter,
  LINEAR_MIPMAP_LINEAR: LinearMipmapLinearFilter,
};

interface Image {
  readonly source: ImageSource<ImageBitmap | null>;
  state: "loading" | "ready" | "failed";
  readonly uses: Set<Texture>;
}

export class TextureCache {
  private readonly images = new Map<string, Image>();
  private readonly textures = new Map<string, Texture>();
  private disposed = false;

  constructor(
    private readonly store: SceneSource,
    private readonly blobs: BlobSource,
    private readonly limits: { readonly maxSize: number; readonly anisotropy: number },
    private readonly changed: () => void,
    private readonly failed: (hash: string, message: string) => void,
  ) {}

  /** The texture of one use, or null until its image is there (a material draws its plain factors meanwhile). */
  get(use: TextureUse | null, colour: boolean): Texture | null {
    const record = use ? this.store.texture(use.texture) : undefined;
    if (!use || !record?.image) return null;
    const image = this.image(record.image, record.mimeType);
    if (image.state !== "ready") return null;
    const key = JSON.stringify([record.image, colour, use.texCoord, use.transform, samplerOf(record)]);
    let texture = this.textures.get(key);
    if (!texture) {
      texture = this.make(image.source, record, use, colour);
      this.textures.set(key, texture);
      image.uses.add(texture);
    }
    return texture;
  }

  dispose(): void {
    this.disposed = true;
    for (const texture of this.textures.values()) texture.dispose();
    for (const image of this.images.values()) image.source.data?.close();
    this.textures.clear();
    this.images.clear();
  }

  private make(
    source: ImageSource<ImageBitmap | null>,
    record: TextureSource,
    use: TextureUse,
    colour: boolean,
  ): Texture {
    const texture = new Texture();
    texture.source = source;
    texture.flipY = false;
    texture.colorSpace = colour ? SRGBColorSpace : NoColorSpace;
    texture.anisotropy = this.limits.anisotropy;
    applySampler(texture, record);
    applyTransform(texture, use);
    texture.needsUpdate = true;
    return texture;
  }

  private image(hash: string, mimeType: string): Image {
    let image = this.images.get(hash);
    if (!image) {
      image = { source: new ImageSource<ImageBitmap | null>(null), state: "loading", uses: new Set() };
      this.images.set(hash, image);
      void this.load(hash, mimeType, image);
    }
    return image;
  }

  private async load(hash: string, mimeType: string, image: Image): Promise<void> {
    try {
      const bytes = await this.blobs.get(hash);
      const bitmap = await decodeImage(
        new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mimeType }),
        this.limits.maxSize,
      );
      if (this.disposed) return bitmap.close();
      image.source.data = bitmap;
      image.state = "ready";
    } catch (error) {
      image.state = "failed";
      this.failed(hash, error instanceof Error ? error.message : String(error));
    }
    if (!this.disposed) this.changed();
  }
}

/** Values as they are in the file: no colour conversion, no premultiplied alpha; at most `maxSize` pixels a side. */
async function decodeImage(blob: Blob, maxSize: number): Promise<ImageBitmap> {
  const options: ImageBitmapOptions = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(blob, options);
  const largest = Math.max(bitmap.width, bitmap.height);
  if (largest <= maxSize) return bitmap;
  const factor = maxSize / largest;
  const resizeWidth = Math.max(1, Math.floor(bitmap.width * factor));
  const resizeHeight = Math.max(1, Math.floor(bitmap.height * factor));
  bitmap.close();
  return createImageBitmap(blob, { ...options, resizeWidth, resizeHeight, resizeQuality: "high" });
}

function samplerOf(record: TextureSource): readonly unknown[] {
  return [record.wrapS, record.wrapT, record.magFilter, record.minFilter];
}

function applySampler(texture: Texture, record: TextureSource): void {
  texture.wrapS = WRAP[record.wrapS];
  texture.wrapT = WRAP[record.wrapT];
  texture.magFilter = (FILTERS[record.magFilter ?? "LINEAR"] ?? LinearFilter) as MagnificationTextureFilter;
  const smallest = FILTERS[record.minFilter ?? "LINEAR_MIPMAP_LINEAR"] ?? LinearMipmapLinearFilter;
  texture.minFilter = smallest as MinificationTextureFilter;
  texture.generateMipmaps = smallest !== NearestFilter && smallest !== LinearFilter;
}

/** KHR_texture_transform and the channel of texture coordinates. */
function applyTransform(texture: Texture, use: TextureUse): void {
  const transform = use.transform;
  texture.channel = Math.min(transform?.texCoord ?? use.texCoord ?? 0, MAX_CHANNELS - 1);
  if (!transform) return;
  texture.offset.set(...(transform.offset ?? [0, 0]));
  texture.repeat.set(...(transform.scale ?? [1, 1]));
  texture.rotation = transform.rotation ?? 0;
}
