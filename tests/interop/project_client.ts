// The web client's own Project in Node, driven by lines of JSON on standard input; one line of JSON answers each.
//   node project_client.mjs {folder of web/package.json} {http://host} {project}
//   {"add": "name"} answers {id} · {"rename": [id, "name"]} · {"trash": id} · {"undo": true} · {"retry": true}
//   {"state": true} · {"until": "saved"} answers the state once its words are these · {"reopen": true} · {"dump": true}
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { add, trash } from "../../web/core/nodes";
import { Project } from "../../web/core/project";

const [web, origin, id] = process.argv.slice(2) as [string, string, string];
const require = createRequire(`${web}/package.json`);
const { IDBFactory } = require("fake-indexeddb");
globalThis.IDBKeyRange = require("fake-indexeddb").IDBKeyRange;
const options = { id, origin, user: { id: "somebody-in-node", name: "Node" }, WebSocket: require("ws"), indexedDB: new IDBFactory() };
let project = await Project.open(options);

const until = (words: string) =>
  new Promise<unknown>((resolve) => {
    const look = () => project.status === words && (stop(), resolve(project.state), true);
    const stop = project.subscribe(look);
    look();
  });

const ANSWERS: Record<string, (value: any) => unknown> = {
  add: (name) => ({ id: project.edit("Add", () => add(project.scene, { name })) }),
  rename: ([node, name]) => project.edit("Rename", () => project.scene.set("nodes", node, "name", name)),
  trash: (node) => project.edit("Delete", () => trash(project.scene, [node], project.user.id)),
  undo: () => project.undo()?.kept,
  retry: () => project.retry(),
  state: () => project.state,
  until,
  reopen: async () => {
    await project.close();
    project = await Project.open(options);
    await project.ready();
  },
  dump: () => ({
    update: Buffer.from(project.scene.update()).toString("base64"),
    stateVector: "",
    canonical: project.scene.canonical(),
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [[verb, value]] = Object.entries(JSON.parse(line)) as [[string, unknown]];
  console.log(JSON.stringify((await ANSWERS[verb]?.(value)) ?? null));
}
process.exit(0);
