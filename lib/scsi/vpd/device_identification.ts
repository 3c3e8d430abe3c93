/**
 * Device Identification, page 83h: names by which an initiator knows that two paths lead to one
 * unit, and through which port each goes. SPC-4 7.8. What names the unit derives from its UUID
 * and nothing else; without a company identifier of our own the NAA is a locally assigned one.
 */
import { bits, flag, layout, u8 } from "../../wire/layout.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Nexus } from "../nexus.ts";
import { TARGET_PORT_GROUP } from "../target_port_group.ts";
import { serialNumber } from "./unit_serial_number.ts";

const DesignatorHeader = layout(4, {
  protocolIdentifier: bits(0, 0xf0),
  codeSet: bits(0, 0x0f),
  piv: flag(1, 7), // the protocol identifier is valid
  association: bits(1, 0x30),
  designatorType: bits(1, 0x0f),
  designatorLength: u8(3),
});

const CodeSet = { BINARY: 1, ASCII: 2, UTF_8: 3 } as const;
const Association = { LOGICAL_UNIT: 0, TARGET_PORT: 1, TARGET_DEVICE: 2 } as const;
const DesignatorType = {
  T10_VENDOR: 1,
  NAA: 3,
  RELATIVE_TARGET_PORT: 4,
  TARGET_PORT_GROUP: 5,
  SCSI_NAME: 8,
} as const;
const ISCSI = 5;

const NAA_LENGTH = 8;
/** NAA 3h, locally assigned. SPC-4 7.8. */
const LOCALLY_ASSIGNED = 0x30;

export function deviceIdentification(unit: LogicalUnit, nexus: Nexus): Uint8Array {
  const { LOGICAL_UNIT, TARGET_PORT, TARGET_DEVICE } = Association;
  const naa = locallyAssignedName(unit.identity.uuid);
  const t10 = unit.identity.vendor.slice(0, 8).padEnd(8) + serialNumber(unit.identity.uuid);
  // RFC 7143 4.2.7: the port's name begins with the node's.
  const device = nexus.targetPort.split(",", 1)[0]!;
  const parts = [
    designator(LOGICAL_UNIT, DesignatorType.NAA, CodeSet.BINARY, naa),
    designator(LOGICAL_UNIT, DesignatorType.T10_VENDOR, CodeSet.ASCII, encode(t10)),
    name(LOGICAL_UNIT, `naa.${serialNumber(naa).toUpperCase()}`),
    name(TARGET_PORT, nexus.targetPort),
    number(DesignatorType.RELATIVE_TARGET_PORT, nexus.relativeTargetPort),
    number(DesignatorType.TARGET_PORT_GROUP, TARGET_PORT_GROUP),
    name(TARGET_DEVICE, device),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/**
 * Sixty bits of the UUID behind the NAA nibble: its two halves folded, so that every bit counts.
 */
export function locallyAssignedName(uuid: Uint8Array): Uint8Array {
  const octets = Uint8Array.from({ length: NAA_LENGTH }, (_, i) => uuid[i]! ^ uuid[i + 8]!);
  octets[0] = LOCALLY_ASSIGNED | (octets[0]! & 0x0f);
  return octets;
}

/** A SCSI name string: UTF-8, ended and padded to four octets with zeros. SPC-4 7.8. */
function name(association: number, text: string): Uint8Array {
  const octets = encode(text);
  const padded = new Uint8Array((octets.length + 4) & ~3);
  padded.set(octets);
  return designator(association, DesignatorType.SCSI_NAME, CodeSet.UTF_8, padded);
}

/** A number of the target port, in the last two of four octets. */
function number(designatorType: number, value: number): Uint8Array {
  const octets = Uint8Array.of(0, 0, value >>> 8, value & 0xff);
  return designator(Association.TARGET_PORT, designatorType, CodeSet.BINARY, octets);
}

function designator(
  association: number,
  designatorType: number,
  codeSet: number,
  value: Uint8Array,
): Uint8Array {
  const octets = new Uint8Array(DesignatorHeader.length + value.length);
  const header = new DesignatorHeader(octets);
  header.codeSet = codeSet;
  header.association = association;
  header.designatorType = designatorType;
  header.designatorLength = value.length;
  if (association !== Association.LOGICAL_UNIT) {
    header.piv = true;
    header.protocolIdentifier = ISCSI;
  }
  octets.set(value, DesignatorHeader.length);
  return octets;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
