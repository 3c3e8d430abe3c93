/**
 * Logical Block Provisioning, page B2h. SBC-3 6.5; offsets are from the page's start, less the
 * header.
 */
import { bits, flag, layout, u8 } from "../../wire/layout.ts";
import type { LogicalUnit } from "../logical_unit.ts";

export const LogicalBlockProvisioningBody = layout(4, {
  thresholdExponent: u8(0),
  lbpu: flag(1, 7), // UNMAP
  lbpws: flag(1, 6), // WRITE SAME(16) with UNMAP
  lbpws10: flag(1, 5), // WRITE SAME(10) with UNMAP
  lbprz: flag(1, 2), // unmapped blocks read as zeros
  provisioningType: bits(2, 0x07),
});

const ProvisioningType = { FULL: 0, THIN: 2 } as const;

export function logicalBlockProvisioning({ thin }: LogicalUnit): Uint8Array {
  const octets = new Uint8Array(LogicalBlockProvisioningBody.length);
  const body = new LogicalBlockProvisioningBody(octets);
  body.lbpu = thin;
  body.lbpws = thin;
  body.lbpws10 = thin;
  body.lbprz = thin;
  body.provisioningType = thin ? ProvisioningType.THIN : ProvisioningType.FULL;
  return octets;
}
