/** Writes a server down, as a document that makes another one like it. */
import type { ExportFacts, ExportOptions } from "../control.ts";
import { findTarget } from "../operations/find.ts";
import { secretUses } from "../secret_book.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { documentOf, partOf } from "./document_of.ts";
import { writtenDocument } from "./write_document.ts";

export async function exportDocument(
  keeper: StateKeeper,
  { targets, secrets = false }: ExportOptions,
): Promise<ExportFacts> {
  const state = await keeper.state();
  for (const name of targets ?? []) findTarget(state, name);
  const isSecret = secrets && secretUses(state).length > 0;
  const whole = documentOf(state, isSecret ? { revealed: await keeper.secrets() } : {});
  const document = writtenDocument(targets === undefined ? whole : partOf(whole, targets));
  return { document, secret: isSecret };
}
