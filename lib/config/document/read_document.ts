/** Reads a document: all of it is judged before anything is done about it. */
import type { z } from "zod";
import { ControlError } from "../control_error.ts";
import { type DataPath, readYaml, type YamlContent, YamlError } from "../yaml.ts";
import { ServerDocument } from "./document.ts";
import { SERVER_FIELDS } from "./fields.ts";
import { isCutShort } from "./heading.ts";
import { issueText } from "./issue_text.ts";
import type { FieldTable } from "./object_of.ts";
import { Places } from "./places.ts";

/** Stands in errors for what is not repeated. */
const SECRET = "(secret)";

export interface ReadDocument {
  readonly document: ServerDocument;
  readonly places: Places;
}

/** `source` is what errors call the document. */
export function readDocument(text: string, source: string): ReadDocument {
  const content = contentOf(text, source);
  const places = new Places(source, content.lineOf);
  const result = ServerDocument.safeParse(content.data);
  if (!result.success) throw errorOf(result.error.issues, content.data, places);
  const document = result.data;
  checkNames("target", "targets", document.targets ?? [], places);
  checkNames("disk", "disks", document.disks ?? [], places);
  return { document, places };
}

function contentOf(text: string, source: string): YamlContent {
  if (isCutShort(text)) {
    throw new ControlError(
      "usage",
      `${source}: its last line, which is to be ..., is missing: the document is cut short`,
      "get a whole copy of it; or, if it was edited, add the line",
    );
  }
  try {
    const content = readYaml(text);
    if (content.data !== null) return content;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const at = error.line === undefined ? source : `${source}:${error.line}`;
    const nextStep = "see what sanctl export writes; it is YAML 1.2";
    throw new ControlError("usage", `${at}: ${error.reason}`, nextStep, { cause: error });
  }
  throw new ControlError("usage", `${source}: there is nothing in it`, "see sanctl export");
}

/** The first thing that is wrong, and how many more there are. */
function errorOf(issues: readonly z.core.$ZodIssue[], data: unknown, places: Places): ControlError {
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
  return places.error(path, "usage", `${why}${more}`, nextStep);
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
  places: Places,
): void {
  const seen = new Set<string>();
  objects.forEach(({ name }, at) => {
    if (seen.has(name)) {
      const why = `the ${noun} ${name} is there twice`;
      throw places.error([section, at], "usage", why, "put what is said of it in one place");
    }
    seen.add(name);
  });
}
