/** The JSON Schema of the document, by which editors complete and check it. */
import { z } from "zod";
import { ServerDocument } from "./document.ts";

const TITLE = "The document of a sanctl server";

/** The schema as a text that is the same each time. */
export function jsonSchemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(ServerDocument, { io: "input" });
  const description = "What `sanctl export` writes and `sanctl apply` takes";
  return `${JSON.stringify({ $schema, title: TITLE, description, ...rest }, undefined, 2)}\n`;
}

/** Whether the text is one that we wrote. */
export function isSchema(text: string): boolean {
  return text.includes(`"title": ${JSON.stringify(TITLE)}`);
}
