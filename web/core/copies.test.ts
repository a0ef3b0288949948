import { afterEach, beforeEach, expect, test } from "vitest";
import { copyName, countUnsaved, forgetProjects } from "./copies";
import { add } from "./nodes";
import type { Project } from "./project";
import { setValue } from "./resources";
import { until, Visits } from "./testing/visits";

let visits: Visits;

beforeEach(() => {
  visits = new Visits();
});
afterEach(() => visits.close());

async function names(): Promise<string[]> {
  return (await visits.indexedDB.databases()).map(({ name }) => name as string).sort();
}

/** A chair that both sides know, kept in this browser. */
async function withChair(): Promise<{ project: Project; chair: string }> {
  const project = await visits.join();
  const chair = project.edit("Add", () => add(project.scene, { name: "Chair" }));
  visits.server.settle();
  await until(project, () => project.status === "saved" && project.state.kept);
  return { project, chair };
}

test("nothing is counted while everything is saved, and changes made offline are", async () => {
  const { project, chair } = await withChair();
  expect(await countUnsaved(visits.indexedDB)).toBe(0);
  visits.server.cut();
  visits.server.down = true;
  project.edit("Rename", () => setValue(project.scene, "nodes", chair, "name", "Stool"));
  await visits.leave(project);
  expect(await countUnsaved(visits.indexedDB)).toBe(1);
});

test("forgetting deletes every copy, and an open window says that nothing is kept", async () => {
  const { project } = await withChair();
  expect(await names()).toContain(copyName("p", "scene", 0));
  await forgetProjects(visits.indexedDB);
  expect((await names()).filter((name) => name.startsWith("maquette/p/"))).toEqual([]);
  expect(project.state.kept).toBe(false);
  await visits.leave(project);
  await forgetProjects(visits.indexedDB);
  expect(await names()).toEqual([]);
});

test("the copy of an earlier generation goes, once its edits lie on the shelf", async () => {
  const { project, chair } = await withChair();
  visits.server.cut();
  visits.server.down = true;
  project.edit("Rename", () => setValue(project.scene, "nodes", chair, "name", "Stool"));
  await visits.leave(project);
  visits.server.rooms.clear();
  visits.server.generation = 1;
  visits.server.down = false;
  const again = await visits.join();
  await until(again, () => again.replaceable);
  expect(again.shelf.items).toHaveLength(1);
  await visits.leave(again);
  const fresh = await visits.join();
  await until(fresh, () => fresh.state.kept);
  const copies = (await names()).filter((name) => name.startsWith("maquette/p/"));
  expect(copies).toEqual([copyName("p", "scene", 1), copyName("p", "session", 1)]);
  expect(await countUnsaved(visits.indexedDB)).toBe(1);
});
