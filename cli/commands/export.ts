import { ControlError } from "../../lib/config/control_error.ts";
import type { Context } from "../context.ts";
import type { ExportFlags } from "../routes/document.ts";
import { isStandardStream } from "../standard_stream.ts";

export default async function (
  this: Context,
  { target, secrets, schema }: ExportFlags,
  file?: string,
): Promise<void> {
  if (schema) {
    if (target !== undefined || secrets) {
      const nextStep = "leave out --target and --secrets";
      throw new ControlError("usage", "the schema is that of every document", nextStep);
    }
    return await writeSchema(this, file);
  }
  const control = await this.control();
  const { document, secret } = await control.export({ targets: target, secrets });
  const { documentText } = await import("../../lib/config/document/document_text.ts");
  if (isStandardStream(file)) {
    return this.output.facts(document, () => documentText(document).trimEnd());
  }
  const { isOurs } = await import("../../lib/config/document/heading.ts");
  await write(file, documentText(document), { isOurs, mode: secret ? 0o600 : 0o644 });
  const what = secret ? "the server with its secrets, for your eyes alone" : "the server";
  this.output.facts({ file, secret }, () => `${file} written: ${what}`);
}

async function writeSchema(context: Context, file: string | undefined): Promise<void> {
  const { isSchema, jsonSchemaText } = await import("../../lib/config/document/json_schema.ts");
  const text = jsonSchemaText();
  if (isStandardStream(file)) return context.output.line(text.trimEnd());
  await write(file, text, { isOurs: isSchema, mode: 0o644 });
  context.output.facts({ file }, () => `${file} written: the schema of documents`);
}

/** Loaded only where something is written. */
async function write(
  file: string,
  text: string,
  options: { readonly isOurs: (text: string) => boolean; readonly mode: number },
): Promise<void> {
  const { replaceOurs } = await import("../replace_ours.ts");
  await replaceOurs(file, text, options);
}
