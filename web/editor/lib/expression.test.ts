import { expect, test } from "vitest";
import { evaluate } from "./expression";

test.each([
  ["12.5", 12.5],
  ["-3", -3],
  ["1/4", 0.25],
  ["1 + 2 * 3", 7],
  ["(1+2)*3", 9],
  ["2^3^2", 512],
  ["-2^2", 4],
  ["25cm", 0.25],
  ["1.5 km", 1500],
  ["2 ft", 0.6096],
  ["90°", 90],
  ["pi/2", Math.PI / 2],
  ["1,5", 1.5],
  ["1e-3", 0.001],
  [".5", 0.5],
])("%s is %f", (text, value) => {
  expect(evaluate(text)).toBeCloseTo(value, 12);
});

test.each([
  ["+=2", 12],
  ["-= 1/2", 9.5],
  ["*=2", 20],
  ["/=4", 2.5],
])("%s changes the old value 10 to %f", (text, value) => {
  expect(evaluate(text, 10)).toBe(value);
});

test.each(["", " ", "abc", "1+", "(1", "1 2", "1/0", "alert(1)", "1..2", "2 parsecs"])("%j is no number", (text) => {
  expect(evaluate(text)).toBeNull();
});
