/** The document as a text: YAML, of which JSON is a part. */
import { ControlError } from "../control_error.ts";
import { formatYaml, readYaml, YamlError } from "../yaml.ts";
import { END, HEADING, isCutShort } from "./heading.ts";

export interface DocumentText {
  readonly data: unknown;
  /** The error as it is told to whoever wrote the text: with its line. */
  told(error: unknown): unknown;
}

/** Reads a text; `source` is what the operator calls it: its file. */
export function readDocumentText(text: string, source: string): DocumentText {
  if (isCutShort(text)) {
    throw new ControlError(
      "usage",
      `${source}: its last line, which is to be ..., is missing: the document is cut short`,
      "get a whole copy of it; or, if it was edited, add the line",
    );
  }
  const { data, lineOf } = contentOf(text, source);
  if (data === null) {
    throw new ControlError("usage", `${source}: there is nothing in it`, "see sanctl export");
  }
  return {
    data,
    told(error) {
      if (!(error instanceof ControlError) || error.place === undefined) return error;
      const message = `${source}:${lineOf(error.place)}: ${error.message}`;
      return new ControlError(error.kind, message, error.nextStep, { cause: error });
    },
  };
}

function contentOf(text: string, source: string) {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const at = error.line === undefined ? source : `${source}:${error.line}`;
    const nextStep = "see what sanctl export writes; it is YAML 1.2";
    throw new ControlError("usage", `${at}: ${error.reason}`, nextStep, { cause: error });
  }
}

/** The text of a document, as an operator is given it. */
export function documentText(document: Readonly<Record<string, unknown>>): string {
  return `${HEADING}${formatYaml(document)}${END}\n`;
}
