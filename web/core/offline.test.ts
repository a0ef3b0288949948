import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";
import { SceneDocument } from "./document";
import { add } from "./nodes";
import { OfflineStore, settled } from "./offline";

let indexedDB = new IDBFactory();
beforeEach(() => {
  indexedDB = new IDBFactory();
});

async function open(document = new SceneDocument()) {
  const store = await OfflineStore.open({ name: "maquette/p/scene/0", document, indexedDB });
  return { document, store };
}

async function rows(): Promise<number> {
  const database = await settled(indexedDB.open("maquette/p/scene/0"));
  const count = await settled(database.transaction("updates").objectStore("updates").count());
  database.close();
  return count;
}

test("what was written is there again, deletes included", async () => {
  const first = await open();
  const id = add(first.document, { name: "Chair" });
  first.document.demand("nodes", id).delete("name");
  await first.store.close();
  const second = await open();
  expect(second.document.canonical()).toBe(first.document.canonical());
  expect(second.document.deleteSet()).toEqual(first.document.deleteSet());
});

test("kept is said only when the last change is stored", async () => {
  const { document, store } = await open();
  expect(store.kept).toBe(true);
  add(document);
  expect(store.kept).toBe(false);
  await store.flush();
  expect(store.kept).toBe(true);
  expect(await rows()).toBe(1);
});

test("a burst is one row", async () => {
  const { document, store } = await open();
  for (let i = 0; i < 100; i++) add(document);
  await store.flush();
  expect(await rows()).toBe(1);
});

test("what was in the document before is kept too", async () => {
  const document = new SceneDocument();
  add(document, { name: "early" });
  const { store } = await open(document);
  await store.close();
  expect((await open()).document.canonical()).toBe(document.canonical());
});

test("two tabs write to one copy and neither loses anything", async () => {
  const [one, two] = [await open(), await open()];
  add(one.document, { name: "one" });
  add(two.document, { name: "two" });
  await Promise.all([one.store.close(), two.store.close()]);
  const names = (await open()).document;
  expect(
    names
      .ids("nodes")
      .map((id) => names.read("nodes", id)?.name)
      .sort(),
  ).toEqual(["one", "two"]);
});

test("many rows become one when loaded, also while another tab writes", async () => {
  const { document, store } = await open();
  for (let i = 0; i < 70; i++) {
    add(document);
    await store.flush();
  }
  expect(await rows()).toBe(70);
  const second = await open();
  expect(await rows()).toBe(1);
  add(document, { name: "later" });
  await store.flush();
  await second.store.close();
  expect((await open()).document.canonical()).toBe(document.canonical());
});

test("a copy that the server refused is emptied", async () => {
  const { document, store } = await open();
  add(document);
  await store.flush();
  await store.discard();
  expect(store.kept).toBe(false);
  expect(await rows()).toBe(0);
});

test("a database that fails is an error that the status can say, not a lost promise", async () => {
  const { document, store } = await open();
  const broken = new Error("the disk is full");
  const transaction = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
    throw broken;
  });
  add(document);
  await store.flush();
  expect([store.kept, store.error]).toEqual([false, broken]);
  transaction.mockRestore();
});
