/** Writes a document down, in the order of its fields. */
import type { DocumentDisk, DocumentTarget, ServerDocument } from "./document.ts";
import { DISK_FIELDS, SERVER_FIELDS, TARGET_FIELDS } from "./fields.ts";
import type { FieldTable } from "./object_of.ts";

/** A part of a document as plain data, each value as an operator writes it. */
export type WrittenPart = Readonly<Record<string, unknown>>;

export function writtenDocument(document: ServerDocument): WrittenPart {
  return writtenObject(SERVER_FIELDS, document);
}

export function writtenTarget(target: DocumentTarget): WrittenPart {
  return writtenObject(TARGET_FIELDS, target);
}

export function writtenDisk(disk: DocumentDisk): WrittenPart {
  return writtenObject(DISK_FIELDS, disk);
}

function writtenObject(fields: FieldTable, object: object): WrittenPart {
  const values = new Map<string, unknown>(Object.entries(object));
  const written = Object.entries(fields).flatMap(([name, { write, fields: inner }]) => {
    const value = values.get(name);
    if (value === undefined) return [];
    if (write !== undefined) return [[name, write(value as never)]];
    return [[name, inner === undefined ? value : writtenParts(inner, value)]];
  });
  return Object.fromEntries(written);
}

/** Of an object, or of each in a list; null stays. */
function writtenParts(fields: FieldTable, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => writtenParts(fields, each));
  return typeof value === "object" && value !== null ? writtenObject(fields, value) : value;
}
