/** Other people: a cursor with their name where they point, and a small frustum where their camera stands. */
import {
  type BufferGeometry,
  type LineBasicMaterial,
  type LineSegments,
  Matrix4,
  type PerspectiveCamera,
  type Scene,
  Vector3,
} from "three";
import { project } from "./gizmo-hit";
import { figure, frustumFigure, iconMatrix } from "./helpers";
import type { Person, Vec3 } from "./types";

const FRUSTUM_PIXELS = 34;
/** A camera nearer than this share of our own distance to its target would stand in our face. */
const TOO_NEAR = 0.15;

interface Shown {
  person: Person;
  readonly label: HTMLElement;
  readonly lines: LineSegments<BufferGeometry, LineBasicMaterial>;
}

interface Viewport {
  readonly camera: PerspectiveCamera;
  readonly width: number;
  readonly height: number;
}

export class People {
  private readonly shown = new Map<string, Shown>();

  constructor(
    private readonly scene: Scene,
    private readonly overlay: HTMLElement,
  ) {}

  get list(): readonly Person[] {
    return [...this.shown.values()].map(({ person }) => person);
  }

  set(people: readonly Person[]): void {
    const present = new Set(people.map((person) => person.id));
    for (const [id, shown] of this.shown) if (!present.has(id)) this.drop(id, shown);
    for (const person of people) this.show(person);
  }

  /** Moves labels and frusta to where they are on the screen now. */
  update(viewport: Viewport): void {
    for (const { person, label, lines } of this.shown.values()) {
      lines.visible = person.camera !== undefined && !tooNear(person.camera.position, viewport.camera);
      if (person.camera && lines.visible) {
        const pose = poseMatrix(person.camera.position, person.camera.target);
        lines.matrixWorld.copy(iconMatrix(pose, viewport.camera, viewport.height, FRUSTUM_PIXELS));
      }
      const anchor = person.pointer ?? (lines.visible ? person.camera?.position : undefined);
      placeLabel(label, anchor, viewport, person.pointer !== undefined);
    }
  }

  setVisible(visible: boolean): void {
    for (const { lines } of this.shown.values()) lines.visible = visible && lines.visible;
  }

  dispose(): void {
    for (const [id, shown] of this.shown) this.drop(id, shown);
  }

  private show(person: Person): void {
    const known = this.shown.get(person.id);
    const same = known && known.person.name === person.name && known.person.color === person.color;
    if (known && same) {
      known.person = person;
      return;
    }
    if (known) this.drop(person.id, known);
    const lines = figure(frustumFigure(PERSON_CAMERA), person.color);
    const label = makeLabel(person);
    this.scene.add(lines);
    this.overlay.append(label);
    this.shown.set(person.id, { person, label, lines });
  }

  private drop(id: string, shown: Shown): void {
    this.scene.remove(shown.lines);
    shown.lines.geometry.dispose();
    shown.lines.material.dispose();
    shown.label.remove();
    this.shown.delete(id);
  }
}

const PERSON_CAMERA = { type: "perspective", yfov: 0.7, aspectRatio: 1.6, xmag: 1, ymag: 1 } as const;

function tooNear(position: Vec3, camera: PerspectiveCamera): boolean {
  return new Vector3(...position).distanceTo(camera.position) < TOO_NEAR * Math.max(camera.near * 100, 1e-3);
}

function poseMatrix(position: Vec3, target: Vec3): Matrix4 {
  const from = new Vector3(...position);
  return new Matrix4().lookAt(from, new Vector3(...target), new Vector3(0, 1, 0)).setPosition(from);
}

function placeLabel(label: HTMLElement, anchor: Vec3 | undefined, viewport: Viewport, pointing: boolean): void {
  const at = anchor && project(viewport, new Vector3(...anchor));
  const inside =
    at && !at.behind && at.x > -40 && at.y > -40 && at.x < viewport.width + 40 && at.y < viewport.height + 40;
  label.style.display = inside ? "" : "none";
  if (!at || !inside) return;
  label.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px)`;
  (label.firstElementChild as HTMLElement).style.display = pointing ? "" : "none";
}

/** An arrow whose tip is at the label's origin, and the name beside it. Styled here: the overlay may be anywhere. */
function makeLabel(person: Person): HTMLElement {
  const label = document.createElement("div");
  label.dataset.person = person.id;
  Object.assign(label.style, {
    position: "absolute",
    left: "0",
    top: "0",
    pointerEvents: "none",
    willChange: "transform",
    display: "none",
  });
  const name = document.createElement("span");
  name.textContent = person.name;
  Object.assign(name.style, {
    position: "absolute",
    left: "11px",
    top: "13px",
    padding: "1px 7px 2px",
    borderRadius: "3px 9px 9px 9px",
    whiteSpace: "nowrap",
    font: "500 11px/16px system-ui, sans-serif",
    background: person.color,
    color: inkOn(person.color),
    boxShadow: "0 1px 4px rgb(0 0 0 / 0.45)",
    maxWidth: "180px",
    overflow: "hidden",
    textOverflow: "ellipsis",
  });
  label.append(arrow(person.color), name);
  return label;
}

function arrow(color: string): SVGElement {
  const make = (name: string, attributes: Record<string, string>) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element as SVGElement;
  };
  const svg = make("svg", { width: "16", height: "18", viewBox: "0 0 16 18", "aria-hidden": "true" });
  svg.append(
    make("path", {
      d: "M1 1 L14 9.2 L8 10.4 L5.2 16 Z",
      fill: color,
      stroke: "#0d0f13",
      "stroke-width": "1.2",
      "stroke-linejoin": "round",
    }),
  );
  svg.style.position = "absolute";
  return svg;
}

/** Black or white, whichever reads better on a colour (relative luminance of WCAG). */
export function inkOn(color: string): string {
  const channel = (at: number) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return luminance > 0.179 ? "#0d0f13" : "#ffffff";
}
