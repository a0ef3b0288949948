import { hashOf } from "@editor/lib/colour";

const SIDE = 22;
/** Top, left and right face of a block, from light to dark. */
const SHADES: readonly (readonly [string, string, string])[] = [
  ["#8b9aff", "#5a67c9", "#3c468f"],
  ["#7fd8ac", "#4d9a77", "#336a52"],
  ["#efc97f", "#b4904f", "#7d6337"],
  ["#f4a49c", "#b76f69", "#7e4b47"],
  ["#86c9ee", "#5590b0", "#3a637b"],
];

/** A picture for a project that has none yet: a few blocks on a plate, always the same for the same id. */
export function ProjectArt({ id }: { id: string }) {
  const seed = hashOf(id);
  const shades = SHADES[seed % SHADES.length] ?? SHADES[0];
  const blocks = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      const height = (hashOf(`${id}/${row}/${column}`) >>> 4) % 4;
      if (height && shades)
        blocks.push(<Block key={`${row}${column}`} row={row} column={column} height={height} shades={shades} />);
    }
  }
  return (
    <svg viewBox="-80 -62 160 100" className="size-full" aria-hidden role="presentation">
      <path d={face([-1.9, -1.9, 0], [1.9, -1.9, 0], [1.9, 1.9, 0], [-1.9, 1.9, 0])} fill="#1d1f25" stroke="#2e3138" />
      {blocks}
    </svg>
  );
}

interface BlockProps {
  row: number;
  column: number;
  height: number;
  shades: readonly [string, string, string];
}

function Block({ row, column, height, shades }: BlockProps) {
  const [x0, y0] = [column - 1.4, row - 1.4];
  const [x1, y1, z] = [x0 + 0.8, y0 + 0.8, height * 0.55];
  return (
    <>
      <path d={face([x0, y1, 0], [x1, y1, 0], [x1, y1, z], [x0, y1, z])} fill={shades[1]} />
      <path d={face([x1, y0, 0], [x1, y1, 0], [x1, y1, z], [x1, y0, z])} fill={shades[2]} />
      <path d={face([x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z])} fill={shades[0]} />
    </>
  );
}

function face(...corners: [number, number, number][]): string {
  const points = corners.map(
    ([x, y, z]) => `${((x - y) * SIDE * 0.87).toFixed(1)} ${((x + y) * SIDE * 0.43 - z * SIDE).toFixed(1)}`,
  );
  return `M${points.join("L")}Z`;
}
