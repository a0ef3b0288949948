/** The Khronos validator ships without types; this is what the tests use. */
declare module "gltf-validator" {
  export function validateBytes(
    bytes: Uint8Array,
  ): Promise<{ issues: { messages: { code: string; severity: number; message: string; pointer?: string }[] } }>;
}
