// The catalogue's own description of its records (GET /v1/catalog): forms and views are made from it.
import type { EntitySpec, FieldSpec } from "./types.ts";
import { url } from "./url.ts";

// Entities with a page of their own; the others have the general one.
const own: Record<string, (path: string) => string> = { product: url.product, build: url.build, release: url.release, batch: url.batch };
export function recordUrl(specs: EntitySpec[], name: string, path: string): string | null {
  const spec = specs.find((one) => one.name === name);
  return spec ? (own[name]?.(path) ?? url.record(spec.plural, path)) : null;
}

export const fieldLabel = (field: FieldSpec) => (field.name === "sha256" ? "SHA-256" : field.name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase()));

// What is wrong with a typed value, before the server is asked; empty if nothing is.
export function fieldError(field: FieldSpec, text: string): string {
  const value = text.trim();
  if (value === "") return field.required ? "Must be given." : "";
  switch (field.type) {
    case "name":
      return /^[A-Za-z0-9._+~-]{1,64}$/.test(value) ? "" : "Letters, digits and . _ + ~ - only, at most 64.";
    case "integer":
      return /^\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? "" : "A whole number, not negative.";
    case "time":
      return /^\d{4}-\d{2}-\d{2}([T ].+)?$/.test(value) && !Number.isNaN(Date.parse(value.replace(" ", "T"))) ? "" : "A date such as 2026-11-25, or an RFC 3339 instant.";
    case "country":
      return /^[A-Za-z]{2}$/.test(value) ? "" : "Two letters, such as DE.";
    case "sha256":
      return /^[0-9a-fA-F]{64}$/.test(value) ? "" : "64 hexadecimal digits.";
    default:
      return "";
  }
}

// As the API wants it. Undefined: leave it out.
export function fieldValue(field: FieldSpec, text: string): string | number | undefined {
  const value = text.trim();
  if (value === "") return undefined;
  if (field.type === "integer") return Number(value);
  if (field.type === "country") return value.toUpperCase();
  if (field.type === "sha256") return value.toLowerCase();
  return field.type === "text" ? text : value;
}

export type Row = Record<string, string>;

export function bodyOf(spec: EntitySpec, values: Row, children: Record<string, Row[]>): Record<string, unknown> {
  const read = (fields: FieldSpec[], row: Row) => {
    const body: Record<string, unknown> = {};
    for (const field of fields) {
      const value = fieldValue(field, row[field.name] ?? "");
      if (value !== undefined) body[field.name] = value;
    }
    return body;
  };
  const body = read(spec.fields, values);
  for (const child of spec.children) {
    const rows = (children[child.name] ?? []).map((row) => read(child.fields, row)).filter((row) => Object.keys(row).length > 0);
    if (rows.length) body[child.name] = rows;
  }
  return body;
}

// "/placements/0/market" of a problem to the id of its control.
export const controlOf = (pointer: string) => "field-" + pointer.replace(/^[#/]+/, "").replaceAll("/", "-");
