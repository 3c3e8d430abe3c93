/** The file systems that disks can be formatted with, and the programs of the system that do so. */

export const FILE_SYSTEM_NAMES = ["ext4", "vfat", "ntfs", "exfat"] as const;
export type FileSystemName = typeof FILE_SYSTEM_NAMES[number];

/** What is to be made. */
export interface NewFileSystem {
  readonly name: FileSystemName;
  readonly label?: string | undefined;
  /** Octets of a logical block of its disk. */
  readonly blockLength: number;
  /** Where its partition begins on the disk, in blocks. */
  readonly startBlock: number;
  /** Where nothing is written the disk reads as zeros. */
  readonly isZeroed?: boolean | undefined;
}

export interface FileSystemKind {
  /** The first that there is makes it. */
  readonly programs: readonly string[];
  /** Debian's, which brings them. */
  readonly package: string;
  /** Code units of a label, at most, and the option before it. */
  readonly label: { readonly option: string; readonly most: number };
  /** Block lengths that it can be told of without a kernel device. */
  readonly blockLengths: readonly number[];
  /** Words before the file's name. */
  args(made: NewFileSystem): readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Where NTFS has no more digits for its place, it is told none: it is for the BIOS alone. */
const MOST_HIDDEN_BLOCKS = 0xffff_ffff;

function hiddenBlocks(startBlock: number): string {
  return String(startBlock > MOST_HIDDEN_BLOCKS ? 0 : startBlock);
}

export const FILE_SYSTEMS: Readonly<Record<FileSystemName, FileSystemKind>> = {
  ext4: {
    programs: ["mkfs.ext4", "mke2fs"],
    package: "e2fsprogs",
    label: { option: "-L", most: 16 },
    blockLengths: [512, 4096],
    // Of a file it would punch holes where zeros must be, and those could not be told from what it
    // has not touched. Tables of inodes that are not used yet are zeroed by the kernel.
    args: ({ blockLength, isZeroed }) => [
      ...["-t", "ext4", "-q", "-F", "-E"],
      // A journal of a gigabyte that is zeros anyway need not be written.
      `nodiscard,lazy_itable_init=1,lazy_journal_init=${isZeroed ? 1 : 0}`,
      ...(blockLength > 1024 ? ["-b", String(blockLength)] : []),
    ],
    environment: { UNIX_IO_NOZEROOUT: "1" },
  },
  vfat: {
    programs: ["mkfs.vfat", "mkfs.fat"],
    package: "dosfstools",
    label: { option: "-n", most: 11 },
    blockLengths: [512, 4096],
    args: ({ blockLength, startBlock }) => [
      ...["-S", String(blockLength), "-h", hiddenBlocks(startBlock)],
    ],
  },
  ntfs: {
    programs: ["mkfs.ntfs", "mkntfs"],
    package: "ntfs-3g",
    label: { option: "-L", most: 128 },
    blockLengths: [512, 4096],
    args: ({ blockLength, startBlock }) => [
      ...["-F", "-Q", "-q", "-s", String(blockLength)],
      // 255 heads and 63 sectors: what every system assumes of disks that have neither.
      ...["-p", hiddenBlocks(startBlock), "-H", "255", "-S", "63"],
    ],
  },
  exfat: {
    programs: ["mkfs.exfat"],
    package: "exfatprogs",
    label: { option: "-L", most: 11 },
    blockLengths: [512],
    args: () => [],
  },
};
