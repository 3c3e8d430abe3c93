/**
 * A structure as annotated hex: a line a field, in the order of the octets. For logs and fixtures.
 */
import type { Field, Fields, Layout } from "./layout.ts";

const NAME_COLUMN = 40;

/**
 * The structure of `layout` at `base`: offset, octets, the field's name and value. Octets that no
 * field claims are shown only where they are not zero, as `reserved`.
 */
export function dump<F extends Fields>(
  layout: Layout<F>,
  octets: Uint8Array,
  base = 0,
): string {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const lines: string[] = [];
  let at = 0;
  for (const [name, field] of inOrder(layout.fields)) {
    lines.push(...reserved(octets, base, at, field.at));
    const hex = octets.subarray(base + field.at, base + field.at + field.length).toHex();
    lines.push(line(field.at, hex, name, text(field.get(view, base), field)));
    at = Math.max(at, field.at + field.length);
  }
  lines.push(...reserved(octets, base, at, layout.length));
  return lines.join("\n") + "\n";
}

/** By offset; of those in one octet the one with the higher bits first. */
function inOrder(fields: Fields): readonly [string, Field<unknown>][] {
  return Object.entries(fields).toSorted(([, a], [, b]) =>
    a.at - b.at || (b.mask ?? 0) - (a.mask ?? 0)
  );
}

function reserved(octets: Uint8Array, base: number, from: number, to: number): readonly string[] {
  if (to <= from) return [];
  const gap = octets.subarray(base + from, base + to);
  return gap.some((octet) => octet !== 0) ? [line(from, gap.toHex(), "reserved", "")] : [];
}

function line(at: number, hex: string, name: string, value: string): string {
  const left = `${String(at).padStart(4)}  ${hex}`.padEnd(NAME_COLUMN);
  return `${left}  ${name}${value === "" ? "" : ` = ${value}`}`;
}

function text(value: unknown, field: Field<unknown>): string {
  if (value instanceof Uint8Array) return ""; // its octets are on the line already
  if (typeof value === "number" && field.mask === undefined) {
    return `${value} (0x${value.toString(16)})`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
