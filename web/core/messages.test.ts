import { readFileSync } from "node:fs";
import { fromHexString, toHexString } from "lib0/buffer";
import { expect, test } from "vitest";
import { Awareness } from "./awareness";
import { ProtocolError } from "./errors";
import { decode, encode, type Message } from "./messages";

const vectors = JSON.parse(readFileSync(new URL("../../tests/vectors/messages.json", import.meta.url), "utf8"));

// biome-ignore lint/suspicious/noExplicitAny: the file's shape is described beside its source.
type Json = any;

/** SyncStep1 with {"hex"} → {type: "syncStep1"} with bytes. */
function toMessage({ type, fields }: Json): Message {
  const words = Object.entries(fields).map(([key, value]: Json) => [
    key.replace(/_(.)/g, (_: string, letter: string) => letter.toUpperCase()),
    typeof value?.hex === "string" ? fromHexString(value.hex) : value,
  ]);
  const name = type === "AwarenessUpdate" ? "awareness" : type[0].toLowerCase() + type.slice(1);
  return { type: name, ...Object.fromEntries(words) };
}

test.each(vectors.messages as Json[])("$name has these bytes", (vector) => {
  const message = toMessage(vector);
  expect(toHexString(encode(message))).toBe(vector.hex);
  expect(decode(fromHexString(vector.hex))).toEqual(message);
});

test.each(Object.entries(vectors.refused).map(([name, found]: Json) => [found.name ?? name, found.hex ?? found]))(
  "%s is no message",
  (_, hex) => expect(() => decode(fromHexString(hex))).toThrow(ProtocolError),
);

test("an awareness of an older clock is passed over, an equal clock only counts as a farewell", () => {
  const [ada, ben] = [new Awareness(1), new Awareness(2)];
  ada.setLocal({ name: "first" });
  const first = ada.update();
  ada.setLocal({ name: "second" });
  ben.apply(ada.update());
  ben.apply(first);
  expect(ben.states.get(1)).toEqual({ name: "second" });
  ada.setLocal(null);
  ben.apply(ada.update());
  expect(ben.states.has(1)).toBe(false);
});

test("nobody else changes the own state, and the own clock passes what others remember", () => {
  const [old, now, other] = [new Awareness(1), new Awareness(1), new Awareness(2)];
  for (let i = 0; i < 5; i++) old.setLocal({ life: "old" });
  now.setLocal({ life: "new" });
  now.apply(old.update());
  expect(now.local).toEqual({ life: "new" });
  other.apply(old.update());
  now.setLocal({ life: "new" });
  other.apply(now.update());
  expect(other.states.get(1)).toEqual({ life: "new" });
});
