import { expect, test } from "vitest";
import * as Y from "yjs";
import { correctionOf } from "./corrections";
import { SceneDocument } from "./document";
import { add } from "./nodes";
import { addMaterial, addMesh } from "./resources";
import { validate } from "./validation";

/** Corrects all that can be, and returns what is left. */
function corrected(scene: SceneDocument): string[] {
  for (const issue of validate(scene)) {
    const correct = correctionOf(scene, issue);
    if (correct) scene.transact(correct);
  }
  return validate(scene).map((issue) => `${issue.path.join("/")} ${issue.code}`);
}

test("a value that does not fit becomes the default that readers see", () => {
  const scene = new SceneDocument();
  const node = add(scene, { name: "Chair" });
  const before = scene.read("nodes", node);
  const record = scene.demand("nodes", node);
  record.set("visible", "maybe");
  record.set("translation", [1, 2]);
  record.set("mesh", 7);
  (record.get("materials") as Y.Map<unknown>).set("x", 1);
  expect(scene.read("nodes", node)).toEqual(before);
  expect(corrected(scene)).toEqual([]);
  expect(record.get("visible")).toBe(true);
  expect(scene.read("nodes", node)).toEqual(before);
});

test("a reference to nothing becomes none", () => {
  const scene = new SceneDocument();
  const [node, material] = [add(scene), addMaterial(scene)];
  addMesh(scene, {}, { slots: { ["S".repeat(16)]: "x".repeat(16) } });
  scene.set("nodes", node, "mesh", "m".repeat(16));
  scene.set("materials", material, "baseColorTexture", { texture: "t".repeat(16) });
  expect(validate(scene).map((issue) => issue.code)).toEqual(["dangling", "dangling", "dangling"]);
  expect(corrected(scene)).toEqual([]);
});

test("what no single write puts right is only listed", () => {
  const scene = new SceneDocument();
  scene.doc.transact(() => {
    scene.map("nodes").set("N".repeat(16), "no record");
    scene.map("nodes").set("M".repeat(16), new Y.Map([["parents", 3]]));
    scene.doc.getMap("elsewhere").set("a", 1);
  });
  expect(corrected(scene)).toEqual([
    "elsewhere unknown_root",
    `nodes/${"M".repeat(16)} orphan`,
    `nodes/${"M".repeat(16)}/parents bad_value`,
    `nodes/${"N".repeat(16)} not_a_record`,
  ]);
});
