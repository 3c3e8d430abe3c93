/** The schema of a part of a document, made of its fields and of what is declared. */
import { z } from "zod";

/** What there is to a field besides what is declared. */
export interface Field {
  /** What an editor shows about it. */
  readonly about: string;
  /** The fields of its value, or of each in the list that it is. */
  readonly fields?: FieldTable;
  /** As it is written, where that is wider than the normal form in which it is declared. */
  readonly written?: z.ZodType;
  /** Nothing of it is repeated in an error: it could be a secret. */
  readonly secret?: true;
  /** The other way round. */
  readonly write?: (value: never) => unknown;
  /** It is what the object is made with, and stays. */
  readonly fixed?: true;
}

export type FieldTable = Readonly<Record<string, Field>>;

/**
 * The object of these fields: what no row says otherwise about is written as it is declared.
 * `needed` may not be left out.
 */
export function objectOf(
  fields: FieldTable,
  declared: Readonly<Record<string, z.ZodType>>,
  needed: readonly string[] = [],
): z.ZodType {
  const shape = Object.entries(fields).map(([name, { about, written, fixed }]) => {
    const present = declared[name] ?? z.unknown();
    const schema = written ?? present;
    const isAbsent = declared[name] !== undefined && present.isOptional() && !fixed;
    const field = (isAbsent ? schema.nullable() : schema).describe(about);
    return [name, needed.includes(name) ? field : field.optional()] as const;
  });
  return z.strictObject(Object.fromEntries(shape));
}
