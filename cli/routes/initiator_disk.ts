/** `sanctl initiator disk …`: a disk made ready for use, and its octets for scripts. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import { FILE_SYSTEM_NAMES, type FileSystemName } from "../../lib/file_system/file_system.ts";
import type { ImageType } from "../../lib/image_copy.ts";
import type { NewPartition } from "../../lib/partition/change_table.ts";
import { parseSize } from "../../lib/config/size.ts";
import type { Context } from "../context.ts";
import {
  blockFlag,
  type BlockLengthText,
  parseDestination,
  parseWholeNumber,
  switchFlag,
  textFlag,
} from "../parameters.ts";
import { COPY_FLAGS } from "./disk_copy.ts";
import { DEVICE_ARGUMENT } from "./initiator_arguments.ts";

const FORCE = switchFlag("Although the disk holds something, which is lost");
const LOGICAL_BLOCK = blockFlag("A block's octets, if nobody tells; 512 without");

const DISK = {
  ...DEVICE_ARGUMENT,
  brief: "A device, /PATH or ./PATH, or a URL: iscsi:, nbd:, file:, vhd:",
  placeholder: "DEV",
} as const;
const DISK_OR_PARTITION = {
  ...DISK,
  brief: `${DISK.brief}; its partition N`,
  placeholder: "DEV[:N]",
} as const;

const ONE_DISK = { kind: "tuple", parameters: [DISK] } as const;
const ONE_PLACE = { kind: "tuple", parameters: [DISK_OR_PARTITION] } as const;

export interface DiskBlockFlags {
  readonly logicalBlock?: BlockLengthText;
}

const show = buildCommand<DiskBlockFlags, [disk: string], Context>({
  loader: () => import("../commands/initiator_disk_show.ts"),
  parameters: { flags: { logicalBlock: LOGICAL_BLOCK }, positional: ONE_DISK },
  docs: { brief: "Show what is on a disk: its partitions, and their file systems" },
});

export interface DiskInitFlags extends DiskBlockFlags {
  readonly mbr?: boolean;
  readonly gpt?: boolean;
  readonly force?: boolean;
}

const init = buildCommand<DiskInitFlags, [disk: string], Context>({
  loader: () => import("../commands/initiator_disk_init.ts"),
  parameters: {
    flags: {
      mbr: switchFlag("A Master Boot Record: four partitions, of the first 2T"),
      gpt: switchFlag("A GUID partition table"),
      logicalBlock: LOGICAL_BLOCK,
      force: FORCE,
    },
    positional: ONE_DISK,
  },
  docs: { brief: "Give a disk an empty partition table" },
});

export interface DiskPartitionFlags extends DiskBlockFlags {
  readonly add?: readonly NewPartition[];
  readonly delete?: readonly number[];
  readonly force?: boolean;
}

const partition = buildCommand<DiskPartitionFlags, [disk: string], Context>({
  loader: () => import("../commands/initiator_disk_partition.ts"),
  parameters: {
    flags: {
      add: {
        kind: "parsed",
        parse: parseNewPartition,
        optional: true,
        variadic: true,
        placeholder: "SIZE[:TYPE[:NAME]]",
        brief: "Adds one: 20G, 512M:efi, rest:linux:data",
      },
      delete: {
        kind: "parsed",
        parse: parseWholeNumber,
        optional: true,
        variadic: true,
        placeholder: "N",
        brief: "Deletes one, before others are added",
      },
      logicalBlock: LOGICAL_BLOCK,
      force: switchFlag("Although a partition that is deleted holds something, which is lost"),
    },
    positional: ONE_DISK,
  },
  docs: {
    brief: "Add partitions to a disk, or delete them; list them without flags",
    fullDescription:
      "Adds partitions to a disk, or deletes them; lists them without flags. A partition begins at a\n" +
      "whole mebibyte, in the first gap that it fits in; rest takes the largest gap. A type is linux,\n" +
      "windows (NTFS, exFAT), fat, efi, swap, lvm, raid, bios-boot, microsoft-reserved, or the code\n" +
      "that the table holds.",
  },
});

export interface DiskFormatFlags extends DiskBlockFlags {
  readonly fs: FileSystemName;
  readonly label?: string;
  readonly force?: boolean;
}

const format = buildCommand<DiskFormatFlags, [disk: string], Context>({
  loader: () => import("../commands/initiator_disk_format.ts"),
  parameters: {
    flags: {
      fs: { kind: "enum", values: FILE_SYSTEM_NAMES, brief: "The file system" },
      label: textFlag("LABEL", "Its label"),
      logicalBlock: LOGICAL_BLOCK,
      force: FORCE,
    },
    positional: ONE_PLACE,
  },
  docs: {
    brief: "Make a file system on a disk, or on a partition",
    fullDescription:
      "Makes a file system by the program of this machine that does: mkfs.ext4, mkfs.vfat, mkfs.ntfs or\n" +
      "mkfs.exfat. It works on a sparse file beside (in TMPDIR), and what it wrote is sent to the disk.",
  },
});

export interface DiskRangeFlags {
  readonly offset?: number;
  readonly length?: number;
}

const RANGE_FLAGS = {
  offset: {
    kind: "parsed",
    parse: parseOffset,
    optional: true,
    placeholder: "SIZE",
    brief: "Where to begin; at 0 without",
  },
  length: {
    kind: "parsed",
    parse: parseSize,
    optional: true,
    placeholder: "SIZE",
    brief: "How much; to the end without",
  },
} as const;

export interface DiskReadFlags extends DiskRangeFlags {
  readonly output?: string;
}

const read = buildCommand<DiskReadFlags, [disk: string], Context>({
  loader: () => import("../commands/initiator_disk_read.ts"),
  parameters: {
    flags: {
      ...RANGE_FLAGS,
      output: textFlag("FILE", "A new file; standard output without, or as -"),
    },
    positional: ONE_PLACE,
  },
  docs: { brief: "Read octets of a disk" },
});

export interface DiskWriteFlags extends DiskRangeFlags {
  readonly input?: string;
  readonly force?: boolean;
}

const write = buildCommand<DiskWriteFlags, [disk: string], Context>({
  loader: () => import("../commands/initiator_disk_write.ts"),
  parameters: {
    flags: {
      ...RANGE_FLAGS,
      input: textFlag("FILE", "What to write; standard input without, or as -"),
      force: FORCE,
    },
    positional: ONE_PLACE,
  },
  docs: { brief: "Write octets to a disk, and flush them" },
});

export interface InitiatorDiskCopyFlags {
  readonly type?: ImageType;
  readonly verify?: boolean;
  readonly force?: boolean;
}

const copy = buildCommand<InitiatorDiskCopyFlags, [source: string, destination: string], Context>({
  loader: () => import("../commands/initiator_disk_copy.ts"),
  parameters: {
    flags: { ...COPY_FLAGS, force: FORCE },
    positional: {
      kind: "tuple",
      parameters: [
        { ...DISK_OR_PARTITION, placeholder: "SOURCE" },
        {
          ...DISK_OR_PARTITION,
          brief: "The same, or the path of a new file",
          placeholder: "DEST",
          parse: parseDestination,
        },
      ],
    },
  },
  docs: { brief: "Copy a disk or a partition to another, or into a new file" },
});

export const initiatorDiskRoutes = buildRouteMap({
  routes: { show, init, partition, format, read, write, copy },
  docs: { brief: "Make remote disks ready for use; read, write and copy them" },
});

/** `20G`, `rest:linux`, `512M:efi:boot`. */
function parseNewPartition(text: string): NewPartition {
  const [size = "", type, ...name] = text.split(":");
  return {
    size: size.toLowerCase() === "rest" ? "rest" : parseSize(size),
    type: type === "" ? undefined : type,
    name: name.length === 0 ? undefined : name.join(":"),
  };
}

function parseOffset(text: string): number {
  return text === "0" ? 0 : parseSize(text);
}
