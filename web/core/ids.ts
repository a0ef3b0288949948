/** Ids: 16 characters of base64url, 96 random bits (SPEC D2). */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ID = /^[A-Za-z0-9_-]{16}$/;

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = "";
  for (const byte of bytes) id += ALPHABET[byte & 63];
  return id;
}

export function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}
