/**
 * YAML in and out of plain data: YAML 1.2, core schema, no tags of anybody's own, duplicate keys
 * refused, aliases bounded. What is not plain data is an error with its line, never a guess.
 */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  stringify,
} from "yaml";
import type { DataPath } from "./control_error.ts";

/** A text of more octets is not looked at. */
export const MOST_YAML_OCTETS = 4 << 20;
/** Nodes that aliases may add up to, against texts that explode. */
const MOST_ALIASED = 100;

/** A text that is not the YAML we take; `message` says where and why. */
export class YamlError extends Error {
  override readonly name = "YamlError";

  /** `reason` says why alone, and `line` where, if it is at a place. */
  constructor(readonly reason: string, readonly line?: number, options?: ErrorOptions) {
    super(line === undefined ? reason : `${reason} at line ${line}`, options);
  }
}

/** What a text says, and where it says it. */
export interface YamlContent {
  readonly data: unknown;
  /** The line, counted from 1, of what is at the path, or of the nearest there is around it. */
  lineOf(path: DataPath): number;
}

/** The data of a text that holds one document. */
export function parseYaml(text: string): unknown {
  return readYaml(text).data;
}

/** The data of a text that holds one document, with the place of each part. */
export function readYaml(text: string): YamlContent {
  // UTF-16 units are never more than the octets they came from.
  if (text.length > MOST_YAML_OCTETS) {
    throw new YamlError(`it is larger than ${MOST_YAML_OCTETS} octets`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    customTags: [],
    resolveKnownTags: false,
    uniqueKeys: true,
    strict: true,
    stringKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  // An unknown tag is a mere warning to the parser.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new YamlError(problem.message.split("\n")[0]!, lines.linePos(problem.pos[0]).line);
  }
  try {
    const data: unknown = document.toJS({ maxAliasCount: MOST_ALIASED });
    return { data, lineOf: (path) => lines.linePos(offsetOf(document, path)).line };
  } catch (error) {
    if (error instanceof ReferenceError) {
      throw new YamlError(error.message, undefined, { cause: error });
    }
    throw error;
  }
}

/** Where in the text the path leads, or the longest part of it that leads anywhere. */
function offsetOf(document: Document, path: DataPath): number {
  for (let length = path.length; length > 0; length--) {
    const around = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    // A key stands where people look for its value, which may begin on another line.
    const pair = isMap(around)
      ? around.items.find(({ key }) => isScalar(key) && key.value === last)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** The text of plain data; a string that could be read as something else is quoted. */
export function formatYaml(data: unknown): string {
  return stringify(data, { version: "1.2", schema: "core", aliasDuplicateObjects: false });
}
