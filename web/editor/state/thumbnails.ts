/** Small pictures of projects, made here by the viewport and kept in this browser only. */

const PREFIX = "maquette.thumbnail.";
const KEPT = 40;

export function thumbnailOf(project: string): string | null {
  return localStorage.getItem(PREFIX + project)?.replace(/^\d+ /, "") ?? null;
}

/** `picture` is a small data URL. The oldest make room. */
export function keepThumbnail(project: string, picture: string): void {
  for (const key of oldest(KEPT - 1)) localStorage.removeItem(key);
  try {
    localStorage.setItem(PREFIX + project, `${Date.now()} ${picture}`);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    for (const key of oldest(5)) localStorage.removeItem(key); // The quota is full: the next picture will find room.
  }
}

export function forgetThumbnails(): void {
  for (const key of oldest(0)) localStorage.removeItem(key);
}

function oldest(keep: number): string[] {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const age = (key: string) => Number.parseInt(localStorage.getItem(key) ?? "0", 10);
  return keys.sort((a, b) => age(b) - age(a)).slice(keep);
}

/** A picture scaled down to a card's size, as a data URL. */
export function shrunk(source: ImageBitmap, width = 480): string {
  const height = Math.round((width * 10) / 16);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const scale = Math.max(width / source.width, height / source.height);
  const [w, h] = [source.width * scale, source.height * scale];
  canvas.getContext("2d")?.drawImage(source, (width - w) / 2, (height - h) / 2, w, h);
  return canvas.toDataURL("image/webp", 0.72);
}
