/** Projects on a fake server and a fresh browser database, for tests of what outlives a visit. */

import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { Project } from "../project";
import { FakeServer } from "./fake-server";

/** One browser before one server: a new pair for every test; `close` at its end. */
export class Visits {
  readonly server = new FakeServer();
  readonly indexedDB = new IDBFactory();
  readonly #open: Project[] = [];

  readonly join = async (): Promise<Project> => {
    const { server, indexedDB } = this;
    const user = { id: "Ada-------------", name: "Ada" };
    const project = await Project.open({
      id: "p",
      user,
      origin: "http://test",
      WebSocket: server.WebSocket,
      indexedDB,
    });
    this.#open.push(project);
    server.settle();
    return project;
  };

  readonly leave = async (project: Project): Promise<void> => {
    await project.close();
    this.#open.splice(this.#open.indexOf(project), 1);
  };

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((project) => project.close()));
  }
}

/** Resolves when `condition` holds; the test's own time limit is the only clock. */
export function until(project: Project, condition: () => boolean): Promise<void> {
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
