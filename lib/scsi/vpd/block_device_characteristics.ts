/**
 * Block Device Characteristics, page B1h. SBC-3 6.5; offsets are from the page's start, less the
 * header.
 */
import { bits, layout, u16 } from "../../wire/layout.ts";
import type { LogicalUnit } from "../logical_unit.ts";

export const BlockDeviceCharacteristicsBody = layout(60, {
  mediumRotationRate: u16(0),
  wabereq: bits(3, 0xc0), // how reads go after SANITIZE with BLOCK ERASE
  nominalFormFactor: bits(3, 0x0f),
});

const NON_ROTATING = 1;
/** They succeed: erased blocks read as zeros. */
const READS_SUCCEED = 1;

export function blockDeviceCharacteristics(unit: LogicalUnit): Uint8Array {
  const octets = new Uint8Array(BlockDeviceCharacteristicsBody.length);
  const body = new BlockDeviceCharacteristicsBody(octets);
  body.mediumRotationRate = NON_ROTATING;
  // Without block erase there is nothing to say.
  if (unit.thin) body.wabereq = READS_SUCCEED;
  return octets;
}
