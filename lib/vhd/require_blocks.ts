import { blockFlaws } from "./block_flaws.ts";
import type { DynamicLayer } from "./dynamic_layer.ts";
import { FormatError } from "./format_error.ts";

/** Refuses a file in which a block has no place of its own; `next` is what can be done about it. */
export function requireBlocks({ table, shape, medium, image }: DynamicLayer, next: string): void {
  const { path, length } = medium.file;
  const space = { table, shape, fileLength: length, metadata: image.metadata };
  const [flaw] = blockFlaws(space, 1);
  if (flaw === undefined) return;
  const message = `its table is damaged: ${flaw.message}; ${next}`;
  throw new FormatError(message, { path, at: flaw.offset });
}
