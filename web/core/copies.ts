/** All that this browser keeps of projects, as databases: their names, how much of it nobody else has, and how it goes. */

import { sizeOf } from "./kept-edits";
import { Shelf } from "./shelf";
import type { Step } from "./steps";
import { UnsavedLog } from "./unsaved-log";

/** What every database of ours begins with. */
const OURS = "maquette/";

export function copyName(project: string, document: string, generation: number): string {
  return `${copiesOf(project, document)}${generation}`;
}

function copiesOf(project: string, document: string): string {
  return `${OURS}${project}/${document}/`;
}

/** Deletes the copies of other generations than this one. */
export async function removeOtherGenerations(
  indexedDB: IDBFactory,
  project: string,
  document: string,
  generation: number,
): Promise<void> {
  const kept = copyName(project, document, generation);
  await removeAll(indexedDB, (name) => name.startsWith(copiesOf(project, document)) && name !== kept);
}

/** How many changes only this browser has: never seen saved, or refused and not decided about. */
export async function countUnsaved(indexedDB: IDBFactory): Promise<number> {
  const [steps, items] = await Promise.all([UnsavedLog.all(indexedDB), Shelf.all(indexedDB)]);
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  return sum(steps.map((step: Step) => step.length)) + sum(items.map(({ edits }) => sizeOf(edits).changes));
}

/** Deletes every copy, the unsaved and the refused edits too. Open windows let go of theirs, and say that nothing is kept. */
export async function forgetProjects(indexedDB: IDBFactory): Promise<void> {
  await removeAll(indexedDB, (name) => name.startsWith(OURS));
}

async function removeAll(indexedDB: IDBFactory, which: (name: string) => boolean): Promise<void> {
  const databases = await indexedDB.databases();
  const names = databases.flatMap(({ name }) => (name !== undefined && which(name) ? [name] : []));
  await Promise.all(names.map((name) => remove(indexedDB, name)));
}

/** Resolves when the database is gone; where a window keeps it open, it goes when that closes. */
function remove(indexedDB: IDBFactory, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onblocked = () => resolve();
    request.onerror = () => reject(request.error);
  });
}
