/** What a texture may be: checked before a byte goes up. */

export const MAX_TEXTURE_SIDE = 8192;
export const LARGE_TEXTURE_SIDE = 4096;
const MIMES = ["image/png", "image/jpeg", "image/webp"] as const;
export type TextureMime = (typeof MIMES)[number];
export const TEXTURE_ACCEPT = MIMES.join(",");

export interface TextureFile {
  bytes: Uint8Array<ArrayBuffer>;
  mimeType: TextureMime;
  width: number;
  height: number;
  /** Something the user should know although the image is accepted. */
  warning: string | null;
}

export class TextureRefused extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** Reads, sniffs and measures an image. Throws TextureRefused with a sentence for the user. */
export async function readTexture(file: File): Promise<TextureFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const mimeType = sniff(bytes);
  if (!mimeType)
    throw new TextureRefused(`“${file.name}” is not a PNG, JPEG or WebP image.`, "Convert it, then try again.");
  const { width, height } = await measure(bytes, mimeType, file.name);
  const side = Math.max(width, height);
  if (side > MAX_TEXTURE_SIDE) {
    throw new TextureRefused(
      `“${file.name}” is ${width} × ${height} pixels; textures may have up to ${MAX_TEXTURE_SIDE} a side.`,
      "Scale it down, then try again.",
    );
  }
  const warning = side > LARGE_TEXTURE_SIDE ? `${width} × ${height} pixels: slow on phones and headsets.` : null;
  return { bytes, mimeType, width, height, warning };
}

async function measure(bytes: Uint8Array<ArrayBuffer>, type: TextureMime, name: string) {
  try {
    const bitmap = await createImageBitmap(new Blob([bytes], { type }));
    const size = { width: bitmap.width, height: bitmap.height };
    bitmap.close();
    return size;
  } catch {
    throw new TextureRefused(`“${name}” cannot be decoded.`, "The file may be damaged.");
  }
}

/** The type by the first bytes: names lie. */
export function sniff(bytes: Uint8Array): TextureMime | null {
  const starts = (...magic: number[]) => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  const text = (from: number) => String.fromCharCode(...bytes.subarray(from, from + 4));
  return text(0) === "RIFF" && text(8) === "WEBP" ? "image/webp" : null;
}
