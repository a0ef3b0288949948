// A stock y-websocket provider, driven by lines of JSON on standard input; one line of JSON answers each.
//   node y_websocket_client.mjs ws://host/sync/{project} scene
//   {"name": [nodeId, "text"]} sets a node's name · {"dump": true} answers {update, stateVector, canonical}
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const Y = require("yjs");
const { WebsocketProvider } = require("y-websocket");
const WebSocket = require("ws");

const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    const entries = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${entries.join(",")}}`;
  }
  return JSON.stringify(Object.is(value, -0) ? 0 : value);
};

const [url, room] = process.argv.slice(2);
const doc = new Y.Doc();
const provider = new WebsocketProvider(url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true });
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const roots = ["meta", "nodes", "meshes", "revisions", "strokes", "materials", "textures", "lights", "cameras", "lod"];

const answer = (request) => {
  if (request.name) {
    const [id, text] = request.name;
    doc.getMap("nodes").get(id).set("name", text);
    return { done: true };
  }
  const filled = roots.map((root) => [root, doc.getMap(root).toJSON()]).filter(([, map]) => Object.keys(map).length);
  return {
    update: base64(Y.encodeStateAsUpdate(doc)),
    stateVector: base64(Y.encodeStateVector(doc)),
    canonical: canonical(Object.fromEntries(filled)),
  };
};

provider.on("sync", (synced) => synced && console.log(JSON.stringify({ synced })));
createInterface({ input: process.stdin }).on("line", (line) => console.log(JSON.stringify(answer(JSON.parse(line)))));
process.stdin.on("end", () => process.exit(0));
