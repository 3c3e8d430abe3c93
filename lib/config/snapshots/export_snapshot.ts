/** Writes a snapshot into a VHD of its own. */
import type { BlockDevice } from "../../block/device.ts";
import { openVhd } from "../../vhd/open.ts";
import { fileFailure } from "../file_failure.ts";
import type { DeclaredSnapshot } from "../schema.ts";
import type { Followed } from "../snapshot_control.ts";
import { writeVhd } from "./write_vhd.ts";

export async function exportSnapshot(
  { path: source }: DeclaredSnapshot,
  path: string,
  followed: Followed,
): Promise<void> {
  let device: BlockDevice;
  try {
    // While what lies on it is merged into it, its times differ; what it holds does not.
    ({ device } = await openVhd(source, { readOnly: true, force: true }));
  } catch (error) {
    throw fileFailure(source, error);
  }
  try {
    await writeVhd(device, path, followed);
  } finally {
    await device.close();
  }
}
