/** The journal that a disk was left with whose process ended without closing it. */
import { blockFlaws } from "../block_flaws.ts";
import { dynamicImageOf } from "../dynamic_image.ts";
import { DynamicLayer } from "../dynamic_layer.ts";
import { isFound } from "../find_footer.ts";
import { FormatError } from "../format_error.ts";
import { journalPath } from "../journal.ts";
import { type LeftJournal, readLeftJournal } from "../left_journal.ts";
import { replay } from "../recover.ts";
import type { Surroundings } from "../surroundings.ts";
import type { FooterView } from "./believed_footer.ts";
import { type Flaw, flaw } from "./finding.ts";
import { finishOpening } from "./inspect_footers.ts";

export async function inspectJournal(
  layer: DynamicLayer,
  view: FooterView,
  mayRepair: boolean,
  around: Surroundings,
): Promise<Flaw[]> {
  const { files, bootId } = around;
  const path = journalPath(layer.medium.file.path);
  const place = { path, at: 0 };
  try {
    const diskId = layer.footer.uniqueId;
    const left = await readLeftJournal(path, { files, bootId, diskId });
    if (left === undefined) return [];
    const { length } = left.records;
    const conflict = await conflictWith(layer, left);
    if (conflict !== undefined) {
      const message = `${conflict} by what its journal has noted: was it changed by another ` +
        "program? To do without what only the journal has, remove that";
      return [flaw("journal", place, message)];
    }
    const message = "the disk was not closed: a journal is left, with " +
      (length === 0 ? "nothing in it that counts" : `${length} notes of what was acknowledged`);
    // What opens it for writing needs the copy of the footer at the beginning.
    const isReady = mayRepair && isFound(view.footers.head);
    const mend = isReady ? () => finishOpening(layer, view, around) : undefined;
    return [flaw("journal", place, message, mend)];
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const message = error.message.replace(`${error.path} at ${error.at}: `, "");
    return [flaw("journal", { path, at: error.at }, message)];
  }
}

/** What would be wrong with the table once the journal's places are in it. */
async function conflictWith(layer: DynamicLayer, left: LeftJournal): Promise<string | undefined> {
  const { medium, image } = layer;
  const copy = await dynamicImageOf(medium.file, image.footer, image.header);
  const replayed = new DynamicLayer(medium, copy);
  replay(replayed, left);
  const { table, shape } = replayed;
  const space = { table, shape, fileLength: medium.file.length, metadata: image.metadata };
  return blockFlaws(space, 1)[0]?.message;
}
