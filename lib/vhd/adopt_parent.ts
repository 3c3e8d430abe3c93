/** Lets a child take its parent as it is now, which the operator answers for. */
import { findVhd, openDynamicLayer } from "./open_layers.ts";
import { emitDynamicHeader } from "./dynamic_header.ts";
import { SECTOR_LENGTH } from "./geometry.ts";
import { type GivenSurroundings, surroundings } from "./surroundings.ts";
import { timeStampOf } from "./time_stamp.ts";

/** Notes in the child when its parent was last written to: one sector, and a sync. */
export async function adoptParent(
  path: string,
  parent: string | undefined,
  given: GivenSurroundings = {},
): Promise<void> {
  if (parent === undefined) return;
  const around = surroundings(given);
  const parentTimeStamp = timeStampOf(await around.files.modifiedAt(parent));
  const file = await around.files.open(path);
  try {
    const { image } = await openDynamicLayer(findVhd(file), around);
    const octets = emitDynamicHeader({ ...image.header, parentTimeStamp });
    // Only what is in the first sector has changed.
    file.writeSync(image.headerOffset, octets, 0, SECTOR_LENGTH);
    await file.sync();
  } finally {
    file.close();
  }
}
