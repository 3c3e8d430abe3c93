/** Lets a child take its parent as it is now, which the operator answers for. */
import { changeHeader } from "./change_header.ts";
import { findVhd, openDynamicLayer } from "./open_layers.ts";
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
  await around.files.syncAll(parent);
  const parentTimeStamp = timeStampOf(await around.files.modifiedAt(parent));
  const file = await around.files.open(path);
  try {
    const { image } = await openDynamicLayer(findVhd(file), around);
    await changeHeader({ file, sync: () => file.sync() }, image.headerOffset, (header) => {
      header.parentTimeStamp = parentTimeStamp;
    });
  } finally {
    file.close();
  }
}
