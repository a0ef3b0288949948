import { type DataTexture, DataUtils } from "three";
import { expect, test } from "vitest";
import { addRadiance } from "./studio";
import { type Cube, directionOf, studioLevels, studioMap } from "./studio-map";

const levels = studioLevels();

/** Each texel's unit direction, colour and solid angle. */
function* texels({ size, faces }: Cube) {
  for (const [face, values] of faces.entries()) {
    for (let i = 0; i < size * size; i++) {
      const at = directionOf(face, (2 * (i % size) + 1) / size - 1, (2 * Math.floor(i / size) + 1) / size - 1);
      const length = Math.hypot(...at);
      yield { way: at.map((c) => c / length), colour: [...values.subarray(i * 3, i * 3 + 3)], angle: length ** -3 };
    }
  }
}

function brightest(level: Cube): readonly number[] {
  let [best, found] = [0, [0, 0, 0]];
  for (const { way, colour } of texels(level))
    if (Math.max(...colour) > best) [best, found] = [Math.max(...colour), way];
  return found;
}

function mean(level: Cube): number[] {
  const sum = [0, 0, 0, 0];
  for (const { colour, angle } of texels(level)) {
    colour.forEach((value, c) => {
      sum[c] = (sum[c] as number) + value * angle;
    });
    sum[3] = (sum[3] as number) + angle;
  }
  return sum.slice(0, 3).map((value) => value / (sum[3] as number));
}

test("the brightest light comes from the strongest box, until the lobes gather several", () => {
  const box = [5.5, 5, 3.5].map((c) => c / Math.hypot(5.5, 5, 3.5));
  for (const level of levels.filter(({ size }) => size > 8)) {
    const towards = brightest(level).reduce((sum, c, i) => sum + c * (box[i] as number), 0);
    expect(towards).toBeGreaterThan(0.95);
  }
});

test("gathering loses and makes no light: all levels have the same mean", () => {
  const [first, ...rest] = levels.map(mean);
  for (const level of rest) {
    level.forEach((value, c) => {
      expect(value / (first?.[c] as number)).toBeCloseTo(1, 1);
    });
  }
});

test("away from the boxes' edges the sharpest level is the studio itself", () => {
  const seen = new Float32Array(3);
  addRadiance(0, -1, 0, 1, seen, 0);
  const below = [...texels(levels[0] as Cube)].find(({ way }) => (way[1] as number) < -0.999);
  below?.colour.forEach((value, c) => {
    expect(value).toBeCloseTo(seen[c] as number, 3);
  });
  expect(below).toBeDefined();
});

test("three.js gets the levels it counts, complete, with the colours in half floats", () => {
  const texture = studioMap();
  const mips = texture.mipmaps as unknown as { image: DataTexture[] }[];
  const sizes = [texture.image as DataTexture[], ...mips.map(({ image }) => image)].map(
    (faces) => faces[0]?.image.width,
  );
  expect(sizes).toEqual([64, 32, 16, 8, 4]);
  expect(mips.length - 1).toBe(levels.length - 1); // the shader's ENVMAP_MAX_LOD
  const face = (texture.image as DataTexture[])[2]?.image.data as Uint16Array;
  expect(DataUtils.fromHalfFloat(face[0] as number)).toBeCloseTo(levels[0]?.faces[2]?.[0] as number, 2);
  expect(texture).toMatchObject({ isPMREMTexture: true, generateMipmaps: false });
});
