/** The footer of a growing disk, which is at the file's end and, as a copy, at its beginning. */
import { usedEnd } from "../blank_blocks.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import { type FooterPlace, isFound } from "../find_footer.ts";
import { emitFooter, FOOTER_LENGTH } from "../footer.ts";
import { SECTOR_LENGTH } from "../geometry.ts";
import { journalPath } from "../journal.ts";
import { putInOrder } from "../open_layers.ts";
import type { Surroundings } from "../surroundings.ts";
import { type FooterView, isSame } from "./believed_footer.ts";
import { type Flaw, flaw } from "./finding.ts";

export function* inspectFooters(
  layer: DynamicLayer,
  view: FooterView,
  mayRepair: boolean,
  around: Surroundings,
): Generator<Flaw> {
  const { head, tail } = view.footers;
  const { path, length } = layer.medium.file;
  const mending = (mend: () => Promise<void>) => mayRepair && !view.contradicts ? mend : undefined;
  if (isFound(head) && isFound(tail)) {
    if (isSame(head.footer, tail.footer)) return;
    if (head.footer.uniqueId.toHex() !== tail.footer.uniqueId.toHex()) {
      const message = "its footers at the beginning and at the end are of two disks; restore it " +
        "from a backup";
      return yield flaw("two-disks", { path, at: tail.at }, message);
    }
  }
  if (!isFound(tail)) {
    const mend = isFound(head)
      ? () => finishOpening(layer, view, around)
      : () => writeTail(layer, tail);
    const at = Math.max(0, length - FOOTER_LENGTH);
    yield flaw("tail-footer", { path, at }, `${stateOf(tail)} at the end`, mending(mend));
  } else if (isFound(head)) {
    const message = "the footer at the end is not the same as the copy at the beginning, which " +
      "is in force";
    const mend = () => finishOpening(layer, view, around);
    yield flaw("tail-footer", { path, at: tail.at }, message, mending(mend));
  }
  if (isFound(head)) return;
  // At the end there is a right one before this, so that one is whole at every moment.
  const mend = () => writeAt(layer, 0);
  const message = `${stateOf(head)} at the beginning, the copy`;
  yield flaw("head-footer", { path, at: 0 }, message, mending(mend));
}

function stateOf(place: FooterPlace): string {
  return place === undefined ? "there is no footer" : "the footer is damaged that should be";
}

/** Where a damaged one is, or else behind all that there is; never over a block. */
async function writeTail(layer: DynamicLayer, tail: FooterPlace): Promise<void> {
  const { file } = layer.medium;
  const begin = tail === undefined
    ? Math.ceil(file.length / SECTOR_LENGTH) * SECTOR_LENGTH
    : file.length - FOOTER_LENGTH;
  const place = Math.max(begin, usedEnd(layer));
  if (place + FOOTER_LENGTH > file.length) await file.resize(place + FOOTER_LENGTH);
  await writeAt(layer, place);
}

async function writeAt({ medium, footer }: DynamicLayer, position: number): Promise<void> {
  medium.file.writeSync(position, emitFooter(footer), 0, FOOTER_LENGTH);
  await medium.file.sync();
}

/** As whoever opens it for writing does: what a journal has noted, then the footer at the end. */
export async function finishOpening(
  layer: DynamicLayer,
  { footers }: FooterView,
  around: Surroundings,
): Promise<void> {
  await putInOrder(layer, footers, around);
  await around.files.remove(journalPath(layer.medium.file.path));
}
