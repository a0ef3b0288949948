/** Writes a small plain GLB 2.0: what the client makes itself goes in through the same import as anybody's file. */

export interface Shape {
  positions: number[];
  normals: number[];
  texcoords: number[];
  indices: number[];
}

export interface GlbMaterial {
  name: string;
  /** Linear RGB. */
  colour: readonly [number, number, number];
  metallic?: number;
  roughness?: number;
  emissive?: readonly [number, number, number];
}

export interface GlbNode {
  name: string;
  shape?: Shape;
  material?: number;
  translation?: readonly number[];
  rotation?: readonly number[];
  scale?: readonly number[];
  children?: GlbNode[];
}

interface Writer {
  nodes: object[];
  meshes: object[];
  accessors: object[];
  views: object[];
  chunks: Uint8Array<ArrayBuffer>[];
  bytes: number;
  known: Map<string, number>;
}

const FLOAT = 5126;
const UINT32 = 5125;

/** One mesh per distinct (shape, material), so that repeated shapes are instances. */
export function writeGlb(nodes: GlbNode[], materials: GlbMaterial[]): Uint8Array<ArrayBuffer> {
  const writer: Writer = { nodes: [], meshes: [], accessors: [], views: [], chunks: [], bytes: 0, known: new Map() };
  const shapes = new Map<Shape, number>();
  const roots = nodes.map((node) => addNode(writer, node, shapes));
  return pack(writer, {
    asset: { version: "2.0", generator: "Maquette" },
    scene: 0,
    scenes: [{ nodes: roots }],
    nodes: writer.nodes,
    meshes: writer.meshes,
    materials: materials.map(materialOf),
    accessors: writer.accessors,
    bufferViews: writer.views,
    buffers: [{ byteLength: writer.bytes }],
  });
}

function materialOf(material: GlbMaterial): object {
  return {
    name: material.name,
    pbrMetallicRoughness: {
      baseColorFactor: [...material.colour, 1],
      metallicFactor: material.metallic ?? 0,
      roughnessFactor: material.roughness ?? 0.6,
    },
    ...(material.emissive && { emissiveFactor: material.emissive }),
  };
}

function addNode(writer: Writer, node: GlbNode, shapes: Map<Shape, number>): number {
  const children = (node.children ?? []).map((child) => addNode(writer, child, shapes));
  const { name, translation, rotation, scale } = node;
  writer.nodes.push({
    name,
    ...(translation && { translation }),
    ...(rotation && { rotation }),
    ...(scale && { scale }),
    ...(node.shape && { mesh: meshOf(writer, node.shape, node.material ?? 0, node.name, shapes) }),
    ...(children.length && { children }),
  });
  return writer.nodes.length - 1;
}

function meshOf(writer: Writer, shape: Shape, material: number, name: string, shapes: Map<Shape, number>): number {
  if (!shapes.has(shape)) shapes.set(shape, shapes.size);
  const key = `${shapes.get(shape)}/${material}`;
  const known = writer.known.get(key);
  if (known !== undefined) return known;
  const primitive = {
    attributes: {
      POSITION: floats(writer, shape.positions, 3),
      NORMAL: floats(writer, shape.normals, 3),
      TEXCOORD_0: floats(writer, shape.texcoords, 2),
    },
    indices: indices(writer, shape.indices),
    material,
  };
  writer.known.set(key, writer.meshes.length);
  writer.meshes.push({ name, primitives: [primitive] });
  return writer.meshes.length - 1;
}

function floats(writer: Writer, values: number[], size: 2 | 3): number {
  const data = new Float32Array(values);
  const bounds = size === 3 ? { min: extreme(data, Math.min), max: extreme(data, Math.max) } : {};
  return accessor(
    writer,
    data,
    { componentType: FLOAT, type: `VEC${size}`, count: data.length / size, ...bounds },
    34962,
  );
}

function indices(writer: Writer, values: number[]): number {
  const data = new Uint32Array(values);
  return accessor(writer, data, { componentType: UINT32, type: "SCALAR", count: data.length }, 34963);
}

function extreme(data: Float32Array, pick: (a: number, b: number) => number): number[] {
  return [0, 1, 2].map((axis) => {
    let value = data[axis] ?? 0;
    for (let i = axis; i < data.length; i += 3) value = pick(value, data[i] ?? 0);
    return value;
  });
}

function accessor(
  writer: Writer,
  data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  fields: object,
  target: number,
): number {
  writer.views.push({ buffer: 0, byteOffset: writer.bytes, byteLength: data.byteLength, target });
  writer.chunks.push(new Uint8Array(data.buffer));
  writer.bytes += data.byteLength;
  writer.accessors.push({ bufferView: writer.views.length - 1, ...fields });
  return writer.accessors.length - 1;
}

function pack(writer: Writer, json: object): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const jsonBytes = Math.ceil(text.length / 4) * 4;
  const out = new Uint8Array(12 + 8 + jsonBytes + 8 + writer.bytes);
  const view = new DataView(out.buffer);
  const header = [0x46546c67, 2, out.length, jsonBytes, 0x4e4f534a];
  for (const [i, word] of header.entries()) view.setUint32(i * 4, word, true);
  out.fill(0x20, 20, 20 + jsonBytes);
  out.set(text, 20);
  view.setUint32(20 + jsonBytes, writer.bytes, true);
  view.setUint32(24 + jsonBytes, 0x004e4942, true);
  let at = 28 + jsonBytes;
  for (const chunk of writer.chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
