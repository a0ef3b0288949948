import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyName, countUnsaved, forgetProjects } from "./copies";
import { add } from "./nodes";
import { Project } from "./project";
import { setValue } from "./resources";
import { FakeServer } from "./testing/fake-server";

const open: Project[] = [];
let server: FakeServer;
let indexedDB: IDBFactory;

beforeEach(() => {
  server = new FakeServer();
  indexedDB = new IDBFactory();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((project) => project.close()));
});

async function join(): Promise<Project> {
  const user = { id: "Ada-------------", name: "Ada" };
  const project = await Project.open({ id: "p", user, origin: "http://test", WebSocket: server.WebSocket, indexedDB });
  open.push(project);
  server.settle();
  return project;
}

function until(project: Project, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!condition()) return;
      stop();
      resolve();
    };
    const stop = project.subscribe(look);
    look();
  });
}

async function leave(project: Project): Promise<void> {
  await project.close();
  open.splice(open.indexOf(project), 1);
}

async function names(): Promise<string[]> {
  return (await indexedDB.databases()).map(({ name }) => name as string).sort();
}

/** A chair that both sides know, kept in this browser. */
async function withChair(): Promise<{ project: Project; chair: string }> {
  const project = await join();
  const chair = project.edit("Add", () => add(project.scene, { name: "Chair" }));
  server.settle();
  await until(project, () => project.status === "saved" && project.state.kept);
  return { project, chair };
}

test("nothing is counted while everything is saved, and changes made offline are", async () => {
  const { project, chair } = await withChair();
  expect(await countUnsaved(indexedDB)).toBe(0);
  server.cut();
  server.down = true;
  project.edit("Rename", () => setValue(project.scene, "nodes", chair, "name", "Stool"));
  await leave(project);
  expect(await countUnsaved(indexedDB)).toBe(1);
});

test("forgetting deletes every copy, and an open window says that nothing is kept", async () => {
  const { project } = await withChair();
  expect(await names()).toContain(copyName("p", "scene", 0));
  await forgetProjects(indexedDB);
  expect((await names()).filter((name) => name.startsWith("maquette/p/"))).toEqual([]);
  expect(project.state.kept).toBe(false);
  await leave(project);
  await forgetProjects(indexedDB);
  expect(await names()).toEqual([]);
});

test("the copy of an earlier generation goes, once its edits lie on the shelf", async () => {
  const { project, chair } = await withChair();
  server.cut();
  server.down = true;
  project.edit("Rename", () => setValue(project.scene, "nodes", chair, "name", "Stool"));
  await leave(project);
  server.rooms.clear();
  server.generation = 1;
  server.down = false;
  const again = await join();
  await until(again, () => again.replaceable);
  expect(again.shelf.items).toHaveLength(1);
  await leave(again);
  const fresh = await join();
  await until(fresh, () => fresh.state.kept);
  const copies = (await names()).filter((name) => name.startsWith("maquette/p/"));
  expect(copies).toEqual([copyName("p", "scene", 1), copyName("p", "session", 1)]);
  expect(await countUnsaved(indexedDB)).toBe(1);
});
