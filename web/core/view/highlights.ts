/** What is outlined and in which colour: other people's selections in theirs, our own above them. */
import type { SceneContent } from "./content";
import type { Outline } from "./outlines";
import type { Person } from "./types";

const OURS = "#ffa53d";

/** Colours of nodes by id. */
export function highlightColors(people: readonly Person[], selection: ReadonlySet<string>): Map<string, string> {
  const colors = new Map<string, string>();
  for (const person of people) for (const id of person.selection) colors.set(id, person.color);
  for (const id of selection) colors.set(id, OURS);
  return colors;
}

/** Outlines of everything below selected nodes that is on the screen, ours last. */
export function* highlightOutlines(
  people: readonly Person[],
  selection: ReadonlySet<string>,
  content: SceneContent,
): Generator<Outline> {
  for (const person of people) yield* outlinesOf(person.selection, person.color, content);
  yield* outlinesOf(selection, OURS, content);
}

function* outlinesOf(ids: Iterable<string>, color: string, content: SceneContent): Generator<Outline> {
  for (const drawable of content.objects.below(ids)) {
    const geometry = drawable.visible ? content.geometryOf(drawable) : undefined;
    if (geometry) yield { drawable, geometry, color };
  }
}
