/** Reads a document: all of it is judged before anything is done about it. */
import type { z } from "zod";
import type { ControlError, DataPath } from "../control_error.ts";
import { ServerDocument } from "./document.ts";
import { SERVER_FIELDS } from "./fields.ts";
import { issueText } from "./issue_text.ts";
import type { FieldTable } from "./object_of.ts";
import { placedError } from "./place.ts";

/** Stands in errors for what is not repeated. */
const SECRET = "(secret)";

/** The document that is in the data. */
export function readDocument(data: unknown): ServerDocument {
  const result = ServerDocument.safeParse(data);
  if (!result.success) throw errorOf(result.error.issues, data);
  const document = result.data;
  checkNames("target", "targets", document.targets ?? []);
  checkNames("disk", "disks", document.disks ?? []);
  return document;
}

/** The first thing that is wrong, and how many more there are. */
function errorOf(issues: readonly z.core.$ZodIssue[], data: unknown): ControlError {
  // A key that was misspelt explains the one that is missing.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
  const { fields, isSecret } = fieldsAt(issue.path);
  const value = valueAt(data, issue.path);
  const { why, nextStep } = issueText(issue, {
    // That it is missing may be said of any.
    value: isSecret && value !== undefined && value !== null ? SECRET : value,
    known: Object.keys(fields),
  });
  const key = issue.code === "unrecognized_keys" ? issue.keys[0]! : undefined;
  const path = key === undefined ? issue.path : [...issue.path, key];
  const rest = issues.length - 1;
  const more = rest === 0 ? "" : ` (and ${rest} more ${rest === 1 ? "place" : "places"})`;
  return placedError(path, "usage", `${why}${more}`, nextStep);
}

function valueAt(data: unknown, path: DataPath): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = new Map(Object.entries(value)).get(String(key));
  }
  return value;
}

/** The fields of what is at the path, and whether it may hold a secret. */
function fieldsAt(path: DataPath): { readonly fields: FieldTable; readonly isSecret: boolean } {
  let fields: FieldTable = SERVER_FIELDS;
  let isSecret = false;
  for (const key of path) {
    const field = typeof key === "string" ? fields[key] : undefined;
    if (field?.fields !== undefined) fields = field.fields;
    if (field?.secret) isSecret = true;
  }
  return { fields, isSecret };
}

function checkNames(
  noun: string,
  section: string,
  objects: readonly { readonly name: string }[],
): void {
  const seen = new Set<string>();
  objects.forEach(({ name }, at) => {
    if (seen.has(name)) {
      const why = `the ${noun} ${name} is there twice`;
      throw placedError([section, at], "usage", why, "put what is said of it in one place");
    }
    seen.add(name);
  });
}
