/** Formats of disk images that are known by sight and not served. */

export interface ForeignFormat {
  readonly name: string;
  /** The octets that tell it, and where they stand. */
  readonly magic: string;
  readonly at: number;
  /** What qemu-img calls it. */
  readonly qemu: string;
}

export const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  { name: "VHDX", magic: "vhdxfile", at: 0, qemu: "vhdx" },
  { name: "qcow2", magic: "QFI\xfb", at: 0, qemu: "qcow2" },
  { name: "QED", magic: "QED\0", at: 0, qemu: "qed" },
  { name: "VMDK", magic: "KDMV", at: 0, qemu: "vmdk" },
  { name: "VMDK", magic: "COWD", at: 0, qemu: "vmdk" },
  { name: "VMDK", magic: "# Disk DescriptorFile", at: 0, qemu: "vmdk" },
  { name: "VDI", magic: "\x7f\x10\xda\xbe", at: 64, qemu: "vdi" },
  { name: "Parallels", magic: "WithoutFreeSpace", at: 0, qemu: "parallels" },
  { name: "Parallels", magic: "WithouFreSpacExt", at: 0, qemu: "parallels" },
];

/** The foreign format that the first octets of a file are of. */
export function foreignFormatOf(head: Uint8Array): ForeignFormat | undefined {
  return FOREIGN_FORMATS.find(({ magic, at }) =>
    [...magic].every((character, index) => head[at + index] === character.charCodeAt(0))
  );
}
