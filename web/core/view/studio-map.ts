/**
 * The studio as three.js reads an environment: a cube map whose mip levels hold light gathered over the GGX lobes of rising
 * roughness. Made here instead of by PMREMGenerator, which takes a software renderer some 7 s before the first picture
 * (its cube has 256² texels a face, blurred, then sampled 256 times each); this takes 50 ms of this thread.
 * Lobes as in Heitz, Sampling the GGX Distribution of Visible Normals (2018), for a view along the normal.
 */
import {
  CubeTexture,
  DataTexture,
  DataUtils,
  HalfFloatType,
  LinearFilter,
  LinearMipmapLinearFilter,
  LinearSRGBColorSpace,
  RGBAFormat,
} from "three";
import { addRadiance } from "./studio";

/** Texels along a face: 1.4° each, about what the soft boxes' edges are softened by. */
const SIZE = 64;
/** The roughest level; smaller faces could not hold the light that a matt surface gathers. */
const SMALLEST = 8;
/** Levels that take so many samples of their lobe; the rougher ones weigh every texel of a cube of the size below. */
const SAMPLES: readonly number[] = [12, 32];
const GATHERED = 16;
/** The sharpest level's lobe: softens the boxes' edges. */
const LEAST_ROUGHNESS = 0.12;

/** Six faces of RGB, row by row. */
export interface Cube {
  readonly size: number;
  readonly faces: readonly Float32Array[];
}

/** From the mirror-like level to the roughest. */
export function studioLevels(): Cube[] {
  const last = Math.log2(SIZE / SMALLEST);
  const source = sampled(GATHERED, 0.2, 12);
  return Array.from({ length: last + 1 }, (_, level) => {
    const roughness = 1 - Math.sqrt(1 - level / last); // as the shaders look levels up
    const size = SIZE >> level;
    const samples = SAMPLES[level];
    if (samples === undefined) return gathered(size, roughness, source);
    return sampled(size, Math.max(roughness, LEAST_ROUGHNESS), samples);
  });
}

/** A texture for `scene.environment`. */
export function studioMap(): CubeTexture {
  const levels = studioLevels();
  const rest = levels.slice(1).map(facesOf);
  // three.js counts levels after the first, and takes the last but one for the roughest: one more, which nothing reads.
  rest.push(facesOf(gathered(SMALLEST / 2, 1, levels.at(-1) as Cube)));
  const texture = new CubeTexture(facesOf(levels[0] as Cube));
  texture.mipmaps = rest.map((image) => ({ image, width: image[0]?.width })) as unknown as CubeTexture[];
  texture.format = RGBAFormat;
  texture.type = HalfFloatType;
  texture.colorSpace = LinearSRGBColorSpace;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.generateMipmaps = false;
  texture.needsUpdate = true;
  return Object.assign(texture, { isPMREMTexture: true });
}

/** The world direction of a texel's centre, of any length. Cube maps that are not rendered have x the other way round. */
export function directionOf(face: number, s: number, t: number): readonly [number, number, number] {
  switch (face) {
    case 0:
      return [-1, -t, -s];
    case 1:
      return [1, -t, s];
    case 2:
      return [-s, 1, t];
    case 3:
      return [-s, -1, -t];
    case 4:
      return [-s, -t, 1];
    default:
      return [s, -t, -1];
  }
}

type Visit = (x: number, y: number, z: number, face: Float32Array, at: number) => void;

function makeCube(size: number, visit: Visit): Cube {
  const faces = Array.from({ length: 6 }, () => new Float32Array(size * size * 3));
  faces.forEach((values, face) => {
    for (let i = 0; i < size * size; i++) {
      const s = (2 * (i % size) + 1) / size - 1;
      const t = (2 * Math.floor(i / size) + 1) / size - 1;
      const [x, y, z] = directionOf(face, s, t);
      const length = Math.sqrt(1 + s * s + t * t);
      visit(x / length, y / length, z / length, values, i * 3);
    }
  });
  return { size, faces };
}

/** The studio through a lobe, by samples spread over it. */
function sampled(size: number, roughness: number, samples: number): Cube {
  const lobe = lobeOf(roughness, samples);
  return makeCube(size, (x, y, z, face, at) => {
    // Two directions across this one (Duff et al., Building an Orthonormal Basis, Revisited, 2017).
    const sign = z < 0 ? -1 : 1;
    const a = -1 / (sign + z);
    const b = x * y * a;
    const [ux, uy, uz] = [1 + sign * x * x * a, sign * b, -sign * x];
    const [vx, vy, vz] = [b, sign + y * y * a, -y];
    for (const { u, v, n, weight } of lobe)
      addRadiance(ux * u + vx * v + x * n, uy * u + vy * v + y * n, uz * u + vz * v + z * n, weight, face, at);
  });
}

interface Sample {
  /** Along the two directions across and the lobe's axis. */
  readonly u: number;
  readonly v: number;
  readonly n: number;
  readonly weight: number;
}

function lobeOf(roughness: number, count: number): Sample[] {
  const alpha2 = roughness ** 4;
  const samples = Array.from({ length: count }, (_, i) => {
    const share = (i + 0.5) / count;
    const turn = i * 2.399963; // golden angle
    const q = 1 - share + alpha2 * share;
    const n = (1 - share - alpha2 * share) / q;
    const across = (2 * Math.sqrt(alpha2 * share * (1 - share))) / q;
    return { u: across * Math.cos(turn), v: across * Math.sin(turn), n, weight: Math.max(0, n) };
  });
  const sum = samples.reduce((total, { weight }) => total + weight, 0);
  return samples.filter(({ weight }) => weight > 0).map((sample) => ({ ...sample, weight: sample.weight / sum }));
}

/** A cube through a wide lobe: each texel weighs all of the source's. */
function gathered(size: number, roughness: number, source: Cube): Cube {
  const alpha2 = roughness ** 4;
  const lights = texelsOf(source);
  return makeCube(size, (x, y, z, face, at) => {
    let [red, green, blue, sum] = [0, 0, 0, 0];
    for (let i = 0; i < lights.length; i += 7) {
      const cosine = x * (lights[i] as number) + y * (lights[i + 1] as number) + z * (lights[i + 2] as number);
      if (cosine <= 0) continue;
      // Half way to the normal cos² is (1 + cosine) / 2; common factors cancel.
      const d = 1 + alpha2 + (alpha2 - 1) * cosine;
      const weight = (cosine * (lights[i + 3] as number)) / (d * d);
      red += weight * (lights[i + 4] as number);
      green += weight * (lights[i + 5] as number);
      blue += weight * (lights[i + 6] as number);
      sum += weight;
    }
    face.set([red / sum, green / sum, blue / sum], at);
  });
}

/** Direction, solid angle and colour of each texel, seven numbers. */
function texelsOf({ size, faces }: Cube): Float32Array {
  const texels = new Float32Array(6 * size * size * 7);
  let next = 0;
  makeCube(size, (x, y, z, _, at) => {
    const face = faces[Math.floor(next / (size * size))] as Float32Array;
    const largest = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
    texels.set([x, y, z, largest ** 3, face[at] as number, face[at + 1] as number, face[at + 2] as number], next++ * 7);
  });
  return texels;
}

function facesOf({ size, faces }: Cube): DataTexture[] {
  return faces.map((face) => {
    const half = new Uint16Array(size * size * 4).fill(DataUtils.toHalfFloat(1));
    for (let i = 0; i < size * size; i++) {
      for (let c = 0; c < 3; c++) half[i * 4 + c] = DataUtils.toHalfFloat(face[i * 3 + c] as number);
    }
    return new DataTexture(half, size, size, RGBAFormat, HalfFloatType);
  });
}
