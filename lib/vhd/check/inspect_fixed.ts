/** A fixed disk: its data, its footer, and nothing else. */
import type { PositionalFile } from "../../block/positional_file.ts";
import { isFound } from "../find_footer.ts";
import { emitFooter, FOOTER_LENGTH } from "../footer.ts";
import { SECTOR_LENGTH, validateGeometry } from "../geometry.ts";
import { settleFixed } from "../grow_fixed.ts";
import type { BelievedFooter, FooterView } from "./believed_footer.ts";
import { isBlank } from "./blank.ts";
import { type Flaw, flaw } from "./finding.ts";
import type { Watch } from "./watch.ts";

export async function* inspectFixed(
  file: PositionalFile,
  view: FooterView,
  believed: BelievedFooter,
  watch: Watch,
): AsyncGenerator<Flaw> {
  const { path } = file;
  const { footer, at } = believed;
  if (view.contradicts) {
    const message = "its end says that it is a fixed disk, its beginning that it is not; " +
      "restore it from a backup";
    return yield flaw("two-disks", { path, at: 0 }, message);
  }
  const wrong = validateGeometry({ currentSize: footer.currentSize, room: at });
  if (wrong !== undefined) return yield flaw("size", { path, at }, wrong);
  if (believed.doubt === "checksum") yield damagedFooter(file, believed);
  else yield* await footerOutOfPlace(file, view, believed, watch);
}

/** It says exactly where it is, which a footer with another flaw would hardly do. */
function damagedFooter(file: PositionalFile, { footer, at }: BelievedFooter): Flaw {
  const message = "bad checksum of the footer, which says else what is right";
  return flaw("tail-footer", { path: file.path, at }, message, async () => {
    if (at + FOOTER_LENGTH > file.length) await file.resize(at + FOOTER_LENGTH);
    file.writeSync(at, emitFooter(footer), 0, FOOTER_LENGTH);
    await file.sync();
  });
}

async function footerOutOfPlace(
  file: PositionalFile,
  { footers }: FooterView,
  { footer, at }: BelievedFooter,
  watch: Watch,
): Promise<Flaw[]> {
  const { path } = file;
  const size = Number(footer.currentSize);
  // A footer of 511 octets ends the file as well.
  const isAtEnd = isFound(footers.tail);
  if (isAtEnd && at === size) return [];
  const octets = new Uint8Array(Math.min(FOOTER_LENGTH, file.length - at));
  file.readSync(at, octets, 0, octets.length);
  const end = isAtEnd ? at : file.length;
  const settle = () => settleFixed({ file, sync: () => file.sync() }, footer);
  if (await isBlank(file, size, end, octets, watch)) {
    const message = isAtEnd
      ? `its footer is ${at - size} octets behind the disk's end, where nothing is`
      : `behind its footer, at ${at}, are ${file.length - at - octets.length} octets of nothing`;
    return [flaw("tail-footer", { path, at: size }, message, settle)];
  }
  if (isAtEnd) {
    const message = `the ${at - size} octets between the disk's end and its footer are no part ` +
      "of the disk, and not zeros: they are left alone";
    return [flaw("remainder", { path, at: size }, message)];
  }
  const message = `behind its footer, at ${at}, other octets have been added: readers that look ` +
    "at the file's end do not find it";
  return [flaw("tail-footer", { path, at }, message, () => appendFooter(file, octets))];
}

/** Nothing that is there is touched. */
async function appendFooter(file: PositionalFile, octets: Uint8Array): Promise<void> {
  const place = Math.ceil(file.length / SECTOR_LENGTH) * SECTOR_LENGTH;
  await file.resize(place + FOOTER_LENGTH);
  file.writeSync(place, octets, 0, octets.length);
  await file.sync();
}
