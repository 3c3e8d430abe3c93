/** What file systems, and what else keeps data on disks, can be told by. */
import type { BlockDevice } from "../block/device.ts";

interface Signature {
  readonly name: string;
  /** From the device's first octet. */
  readonly at: number;
  /** Text, or hexadecimal digits after `0x`. */
  readonly magic: string;
  /** Says more exactly what it is, by the octets from the first on. */
  readonly refine?: (octets: Uint8Array) => string | undefined;
}

/** What a format or a copy leaves that was interrupted; nothing is lost with it. */
export const UNFINISHED = "unfinished";
export const UNFINISHED_MAGIC = "sanctl: not finished, do it again";

/** One row a place; the first that is found counts. */
const SIGNATURES: readonly Signature[] = [
  { name: UNFINISHED, at: 0, magic: UNFINISHED_MAGIC },
  { name: "LUKS", at: 0, magic: "0x4c554b53babe" },
  { name: "XFS", at: 0, magic: "XFSB" },
  { name: "squashfs", at: 0, magic: "hsqs" },
  { name: "NTFS", at: 3, magic: "NTFS    " },
  { name: "exFAT", at: 3, magic: "EXFAT   " },
  { name: "ReFS", at: 3, magic: "ReFS\0\0\0\0" },
  { name: "BitLocker", at: 3, magic: "-FVE-FS-" },
  { name: "APFS", at: 32, magic: "NXSB" },
  { name: "FAT", at: 54, magic: "FAT12   " },
  { name: "FAT", at: 54, magic: "FAT16   " },
  { name: "FAT", at: 82, magic: "FAT32   " },
  ...[0, 512, 1024, 1536].map((at) => ({ name: "LVM", at: at + 24, magic: "LVM2 001" })),
  { name: "HFS+", at: 1024, magic: "H+" },
  { name: "HFS+", at: 1024, magic: "HX" },
  { name: "F2FS", at: 1024, magic: "0x1020f5f2" },
  { name: "ext4", at: 1080, magic: "0x53ef", refine: extended },
  { name: "swap", at: 4086, magic: "SWAPSPACE2" },
  { name: "RAID", at: 0, magic: "0xfc4e2ba9" },
  { name: "RAID", at: 4096, magic: "0xfc4e2ba9" },
  { name: "ISO 9660", at: 32_769, magic: "CD001" },
  { name: "btrfs", at: 65_600, magic: "_BHRfS_M" },
  { name: "ZFS", at: 131_072, magic: "0x0cb1ba0000000000" },
];

const LOOKED_AT = 132 << 10;

/** Which of its line it is: by a journal, and by files that are kept in extents. */
function extended(octets: Uint8Array): string {
  const hasJournal = (octets[1116]! & 0x04) !== 0;
  const hasExtents = (octets[1120]! & 0x40) !== 0;
  return hasExtents ? "ext4" : hasJournal ? "ext3" : "ext2";
}

/** The name of what is on the device; undefined: nothing that is known. */
export async function signatureOn(device: BlockDevice): Promise<string | undefined> {
  const length = Math.min(LOOKED_AT, device.size);
  const octets = new Uint8Array(length);
  await device.read(0, octets, 0, length);
  const found = SIGNATURES.find(({ at, magic }) => isAt(octets, at, octetsOf(magic)));
  return found?.refine?.(octets) ?? found?.name;
}

function octetsOf(magic: string): Uint8Array {
  return magic.startsWith("0x")
    ? Uint8Array.fromHex(magic.slice(2))
    : new TextEncoder().encode(magic);
}

function isAt(octets: Uint8Array, at: number, magic: Uint8Array): boolean {
  return at + magic.length <= octets.length &&
    magic.every((octet, index) => octets[at + index] === octet);
}
