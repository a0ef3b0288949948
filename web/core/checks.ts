/** Judges values by the generated checks (SPEC D6): the run-time side of `schema.ts`, as pydantic is in Python. */

import { type Check, ENTRIES, FIELDS, LEVEL_CHECK } from "./schema";

const MAX_DEPTH = 64;
const HALF_CHARACTER = /\p{Surrogate}/u;
const PATTERNS = new Map<string, RegExp>();

/** Whether `value` is what `check` asks for. */
export function fits(check: Check, value: unknown): boolean {
  if (check.anyOf !== undefined) return check.anyOf.some((option) => fits(option, value));
  if (check.enum !== undefined && !check.enum.includes(value as string)) return false;
  switch (check.type) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string" && fitsText(check, value);
    case "integer":
      return Number.isInteger(value) && fitsNumber(check, value as number);
    case "number":
      return Number.isFinite(value) && fitsNumber(check, value as number);
    case "array":
      return Array.isArray(value) && fitsList(check, value);
    case "object":
      return isObject(value) && fitsObject(check, value);
    default:
      return isJson(value);
  }
}

/** A JSON value of bounded depth, with finite numbers and whole characters. */
function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "string") return !HALF_CHARACTER.test(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  return isObject(value) && Object.values(value).every((item) => isJson(item, depth + 1));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The check of an atomic field of a record. */
export function fieldCheck(root: string, key: string): Check | undefined {
  const fields = FIELDS[root];
  return fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** How strictly a container's keys are judged: readers leave settings alone that they do not know. */
export type Strictness = "read" | "write";

export function fitsEntry(
  root: string,
  container: string,
  key: string,
  value: unknown,
  strictness: Strictness,
): boolean {
  if (root === "meshes" && container === "lod") return fitsSetting(key, value, strictness);
  const entries = ENTRIES[root]?.[container];
  return entries !== undefined && fits(entries.key, key) && fits(entries.value, value);
}

/** `meshes/{id}/lod`: levels under "1" … "8", else settings. */
function fitsSetting(key: string, value: unknown, strictness: Strictness): boolean {
  if (/^[1-8]$/.test(key)) return fits(LEVEL_CHECK, value);
  const check = fieldCheck("lodSettings", key);
  return check === undefined ? strictness === "read" : fits(check, value);
}

function fitsText({ pattern, minLength = 0, maxLength }: Check, text: string): boolean {
  if (HALF_CHARACTER.test(text) || (pattern !== undefined && !patternOf(pattern).test(text))) return false;
  if (text.length < minLength) return false;
  // Lengths are in code points, of which a text has at most as many as code units.
  return maxLength === undefined || text.length <= maxLength || [...text].length <= maxLength;
}

function fitsNumber({ minimum, maximum, exclusiveMinimum }: Check, value: number): boolean {
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  return exclusiveMinimum === undefined || value > exclusiveMinimum;
}

function fitsList({ items, prefixItems, minItems = 0, maxItems, unit }: Check, list: readonly unknown[]): boolean {
  if (list.length < minItems || (maxItems !== undefined && list.length > maxItems)) return false;
  const itemFits = (item: unknown, i: number) => {
    const check = prefixItems?.[i] ?? items;
    return check === undefined || fits(check, item);
  };
  return list.every(itemFits) && (unit !== true || Math.abs(Math.hypot(...(list as number[])) - 1) <= 1e-3);
}

function fitsObject(
  { properties, required = [], additionalProperties }: Check,
  object: Record<string, unknown>,
): boolean {
  if (!required.every((key) => Object.hasOwn(object, key))) return false;
  return Object.entries(object).every(([key, value]) => {
    const check = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    return check === undefined ? additionalProperties !== false && isJson(value, 1) : fits(check, value);
  });
}

function patternOf(source: string): RegExp {
  const known = PATTERNS.get(source);
  if (known !== undefined) return known;
  const pattern = new RegExp(source, "u");
  PATTERNS.set(source, pattern);
  return pattern;
}
