/** Changes the header of a dynamic or differencing disk in its file, in one write of one sector. */
import type { FileMedium } from "../block/file_medium.ts";
import { checksum } from "./checksum.ts";
import { DYNAMIC_HEADER_LENGTH, DynamicHeaderLayout } from "./dynamic_header.ts";
import { SECTOR_LENGTH } from "./geometry.ts";

type HeaderView = InstanceType<typeof DynamicHeaderLayout>;

/**
 * `change` sets fields of the first sector: it is on the medium wholly or not at all, and durable
 * afterwards. What it does not set, fields that nobody knows included, stays.
 */
export async function changeHeader(
  { file, sync }: Pick<FileMedium, "file"> & { readonly sync: () => Promise<void> },
  at: number,
  change: (header: HeaderView) => void,
): Promise<void> {
  const octets = new Uint8Array(DYNAMIC_HEADER_LENGTH);
  file.readSync(at, octets, 0, octets.length);
  const header = new DynamicHeaderLayout(octets);
  change(header);
  header.checksum = checksum(octets, DynamicHeaderLayout.fields.checksum.at);
  file.writeSync(at, octets, 0, SECTOR_LENGTH);
  await sync();
}
