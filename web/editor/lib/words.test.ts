import { routeOf } from "@editor/state/router";
import { expect, test } from "vitest";
import { hexOf, linearOf } from "./colour";
import { ago, browserOf, bytes, count, decimal, dimensions, length, plural, sentences, until } from "./format";
import { secretOf } from "./fragment";
import { sniff } from "./texture-file";

test("numbers read as a person would write them", () => {
  expect([1.5, 0.1 + 0.2, -0, 1e-9, 1234.5].map((value) => decimal(value))).toEqual([
    "1.5",
    "0.3",
    "0",
    "1.00e-9",
    "1234.5",
  ]);
  expect([count(1234), count(1_310_000), bytes(999), bytes(1500), bytes(6_300_000)]).toEqual([
    "1,234",
    "1.3M",
    "999 B",
    "1.5 kB",
    "6.3 MB",
  ]);
  expect([plural(1, "node"), plural(3, "node")]).toEqual(["1 node", "3 nodes"]);
});

test("lengths take the unit that reads best", () => {
  expect([length(0.0125), length(2.5), length(12_000), length(2e-5)]).toEqual(["12.5 mm", "2.5 m", "12 km", "20 µm"]);
  expect(dimensions([1.5, 0.02, 3])).toBe("1.5 × 0.02 × 3 m");
});

test("times are told from now", () => {
  const now = Date.UTC(2026, 0, 10, 12);
  expect([now - 1000, now - 180_000, now - 86_400_000].map((then) => ago(then, now))).toEqual([
    "just now",
    "3 minutes ago",
    "yesterday",
  ]);
});

test("every sRGB value survives the way through linear", () => {
  for (let value = 0; value < 256; value++) {
    const hex = `#${value.toString(16).padStart(2, "0").repeat(3)}`;
    expect(hexOf(linearOf(hex) ?? [])).toBe(hex);
  }
  expect(linearOf("#fff")).toEqual([1, 1, 1]);
  expect(linearOf("tomato")).toBeNull();
});

test("images are known by their first bytes", () => {
  expect(sniff(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))).toBe("image/png");
  expect(sniff(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe("image/jpeg");
  expect(sniff(new TextEncoder().encode("RIFF0000WEBPVP8 "))).toBe("image/webp");
  expect(sniff(new TextEncoder().encode("<svg xmlns="))).toBeNull();
});

test("paths are routes", () => {
  expect(routeOf("/")).toEqual({ page: "start" });
  expect(routeOf("/p/AAAAbbbb_-001234")).toEqual({ page: "project", id: "AAAAbbbb_-001234" });
  expect(routeOf("/invite")).toEqual({ page: "invite" });
  expect(routeOf("/p/../x")).toEqual({ page: "unknown" });
});

test("the key of an invitation stands in the fragment, named or bare", () => {
  expect([secretOf("#key=abc-_1"), secretOf("#abc-_1"), secretOf("")]).toEqual(["abc-_1", "abc-_1", ""]);
});

test("clauses of refusals become sentences", () => {
  expect(sentences("the key is wrong", "ask for a new link", "")).toBe("The key is wrong. Ask for a new link.");
});

test("ends and browsers read as a person would say them", () => {
  const hour = 3_600_000;
  expect([until(hour / 2, 0), until(3 * hour, 0), until(144 * hour, 0), until(-1, 0)]).toEqual([
    "in 30 minutes",
    "in 3 hours",
    "in 6 days",
    "has ended",
  ]);
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  expect([browserOf(chrome), browserOf("curl/8.5"), browserOf("")]).toEqual(["Chrome on Linux", "curl/8.5", "Unknown"]);
});
