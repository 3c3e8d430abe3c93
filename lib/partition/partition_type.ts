/** What partitions are for: the words that commands take, and the codes that tables hold. */
import { isGuid } from "./guid.ts";

export type Scheme = "mbr" | "gpt";

export interface PartitionType {
  readonly name: string;
  /** Undefined: the scheme has none. */
  readonly mbr?: string;
  readonly gpt?: string;
}

const BASIC_DATA = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7";

/** One row a type; of several with one code the first gives it its name. */
export const PARTITION_TYPES: readonly PartitionType[] = [
  { name: "linux", mbr: "0x83", gpt: "0fc63daf-8483-4772-8e79-3d69d8477de4" },
  { name: "windows", mbr: "0x07", gpt: BASIC_DATA }, // NTFS, exFAT
  { name: "fat", mbr: "0x0c", gpt: BASIC_DATA },
  { name: "efi", mbr: "0xef", gpt: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" },
  { name: "swap", mbr: "0x82", gpt: "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" },
  { name: "lvm", mbr: "0x8e", gpt: "e6d6d379-f507-44c2-a23c-238f2a3df928" },
  { name: "raid", mbr: "0xfd", gpt: "a19d880f-05fc-4d3b-a006-743f0f84911e" },
  { name: "bios-boot", gpt: "21686148-6449-6e6f-744e-656564454649" },
  { name: "microsoft-reserved", gpt: "e3c9e316-0b5c-4db8-817d-f92df00215ae" },
];

/** The code of a type's name or of a code that is written; undefined: the scheme has no such. */
export function typeCode(text: string, scheme: Scheme): string | undefined {
  const asked = text.toLowerCase();
  const known = PARTITION_TYPES.find(({ name }) => name === asked);
  if (known !== undefined) return known[scheme];
  if (scheme === "gpt") return isGuid(asked) ? asked : undefined;
  const isCode = /^0x[0-9a-f]{2}$/.test(asked) && asked !== "0x00";
  return isCode ? asked : undefined;
}

/** The name of a code; the code itself where it has none. */
export function typeName(code: string, scheme: Scheme): string {
  return PARTITION_TYPES.find((type) => type[scheme] === code)?.name ?? code;
}

/** The names that a scheme has. */
export function typeNames(scheme: Scheme): readonly string[] {
  return PARTITION_TYPES.filter((type) => type[scheme] !== undefined).map(({ name }) => name);
}
