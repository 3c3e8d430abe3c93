/**
 * YAML in and out of plain data: YAML 1.2, core schema, no tags of anybody's own, duplicate keys
 * refused, aliases bounded. What is not plain data is an error with its line, never a guess.
 */
import { parseDocument, stringify } from "yaml";

/** A text of more octets is not looked at. */
export const MOST_YAML_OCTETS = 4 << 20;
/** Nodes that aliases may add up to, against texts that explode. */
const MOST_ALIASED = 100;

/** A text that is not the YAML we take; `message` says where and why. */
export class YamlError extends Error {
  override readonly name = "YamlError";
}

/** The data of a text that holds one document. */
export function parseYaml(text: string): unknown {
  // UTF-16 units are never more than the octets they came from.
  if (text.length > MOST_YAML_OCTETS) {
    throw new YamlError(`it is larger than ${MOST_YAML_OCTETS} octets`);
  }
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    customTags: [],
    resolveKnownTags: false,
    uniqueKeys: true,
    strict: true,
    stringKeys: true,
    merge: false,
  });
  // An unknown tag is a mere warning to the parser.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new YamlError(problem.message.split("\n")[0]!.replace(/:$/, ""));
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASED });
  } catch (error) {
    if (error instanceof ReferenceError) throw new YamlError(error.message, { cause: error });
    throw error;
  }
}

/** The text of plain data; a string that could be read as something else is quoted. */
export function formatYaml(data: unknown): string {
  return stringify(data, { version: "1.2", schema: "core", aliasDuplicateObjects: false });
}
