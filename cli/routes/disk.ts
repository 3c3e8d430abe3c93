/** `sanctl disk …`: what each verb is called and takes; its action is loaded when called. */
import type { DiskType } from "../../lib/config/facts.ts";
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { AttachWay } from "../../lib/nbd/attach/way.ts";
import { WAY_FLAG } from "../attachment.ts";
import type { Context } from "../context.ts";
import { check } from "./disk_check.ts";
import { convert, copy } from "./disk_copy.ts";
import {
  blockFlag,
  type BlockLengthText,
  DISK_ARGUMENT,
  eitherFlag,
  FORCE_FLAG,
  parseDestination,
  parseWholeNumber,
  sizeFlag,
  switchFlag,
  TARGET_ARGUMENT,
  textFlag,
  YES_FLAG,
} from "../parameters.ts";

export interface BlockFlags {
  readonly logicalBlock?: BlockLengthText;
  readonly physicalBlock?: BlockLengthText;
}

const BLOCK_FLAGS = {
  logicalBlock: blockFlag("The block length that initiators address it by; 512 without"),
  physicalBlock: blockFlag("The block length of its medium, as initiators are told"),
} as const;

const SHARED_FLAG = switchFlag("Several initiators may write it: they must know how to share");

const DISK_TYPES: readonly DiskType[] = ["fixed", "dynamic", "differencing"];

function parseDiskType(text: string): DiskType {
  const type = DISK_TYPES.find((each) => each === text);
  if (type === undefined) throw new Error(`it is ${DISK_TYPES.join(" or ")}`);
  return type;
}

export interface DiskCreateFlags extends BlockFlags {
  readonly size?: number;
  readonly type?: DiskType;
  readonly parent?: string;
  readonly sparse?: boolean;
  readonly name?: string;
  readonly target?: string;
  readonly shared?: boolean;
  readonly description?: string;
  readonly removable?: boolean;
}

const create = buildCommand<DiskCreateFlags, [file: string], Context>({
  loader: () => import("../commands/disk_create.ts"),
  parameters: {
    flags: {
      size: {
        ...sizeFlag("Its capacity with a unit, such as 512M or 20G"),
        optional: true,
      },
      type: {
        kind: "parsed",
        parse: parseDiskType,
        optional: true,
        placeholder: "TYPE",
        brief: "How its file grows: fixed, dynamic, or differencing",
      },
      parent: textFlag("FILE", "The VHD of which it is a child, not to be written to again"),
      sparse: switchFlag("Take space only as it is written, where the file system can"),
      name: textFlag("DISK", "Its name; the file's stem without"),
      target: textFlag("TARGET", "Assign it to this target in the same step"),
      shared: SHARED_FLAG,
      description: textFlag("TEXT", "What it is for"),
      ...BLOCK_FLAGS,
      removable: switchFlag("Present it as a removable medium"),
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "The file to create, or mem:NAME for a disk in memory",
          placeholder: "FILE|mem:NAME",
          parse: parseDestination,
        },
      ],
    },
  },
  docs: { brief: "Create a disk, as a file or in memory" },
});

export interface DiskImportFlags extends BlockFlags {
  readonly parent?: string;
  readonly force?: boolean;
  readonly name?: string;
  readonly description?: string;
}

const importDisk = buildCommand<DiskImportFlags, [file: string], Context>({
  loader: () => import("../commands/disk_import.ts"),
  parameters: {
    flags: {
      parent: textFlag("FILE", "Its parent; looked for beside it without"),
      force: switchFlag("Take a parent that was written to since, as after a copy"),
      name: textFlag("DISK", "Its name; the file's stem without"),
      description: textFlag("TEXT", "What it is for"),
      ...BLOCK_FLAGS,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "A VHD or a raw image, or nbd://HOST:PORT/EXPORT",
        placeholder: "FILE|URL",
        parse: String,
      }],
    },
  },
  docs: { brief: "Make a disk of a file that exists, or of what an NBD server has" },
});

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/disk_list.ts"),
  parameters: {},
  docs: { brief: "List the disks" },
});

const show = buildCommand<Record<never, never>, [name: string], Context>({
  loader: () => import("../commands/disk_show.ts"),
  parameters: { positional: { kind: "tuple", parameters: [DISK_ARGUMENT] } },
  docs: { brief: "Show one disk and where it is assigned" },
});

const LUN_FLAG = {
  kind: "parsed",
  parse: parseWholeNumber,
  optional: true,
  placeholder: "N",
  brief: "Its logical unit number; the lowest free one without",
} as const;

export interface DiskAssignFlags {
  readonly lun?: number;
  readonly readOnly?: boolean;
  readonly shared?: boolean;
}

const assign = buildCommand<DiskAssignFlags, [name: string, target: string], Context>({
  loader: () => import("../commands/disk_assign.ts"),
  parameters: {
    flags: {
      lun: LUN_FLAG,
      readOnly: switchFlag("Refuse writes through this target"),
      shared: SHARED_FLAG,
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT, TARGET_ARGUMENT] },
  },
  docs: { brief: "Give a disk to a target, also while initiators are logged in" },
});

export interface DiskUnassignFlags {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const unassign = buildCommand<DiskUnassignFlags, [name: string, target?: string], Context>({
  loader: () => import("../commands/disk_unassign.ts"),
  parameters: {
    flags: { force: FORCE_FLAG, yes: YES_FLAG },
    positional: {
      kind: "tuple",
      parameters: [DISK_ARGUMENT, { ...TARGET_ARGUMENT, optional: true }],
    },
  },
  docs: { brief: "Take a disk from a target, or from all that have it" },
});

export interface DiskExtendFlags {
  readonly by?: number;
  readonly to?: number;
}

const extend = buildCommand<DiskExtendFlags, [name: string], Context>({
  loader: () => import("../commands/disk_extend.ts"),
  parameters: {
    flags: {
      by: { ...sizeFlag("How much more, with a unit, such as 20G"), optional: true },
      to: { ...sizeFlag("How much in all"), optional: true },
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Give a disk more space, also while initiators use it" },
});

export interface DiskMoveFlags {
  readonly from?: string;
  readonly lun?: number;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const move = buildCommand<DiskMoveFlags, [name: string, target: string], Context>({
  loader: () => import("../commands/disk_move.ts"),
  parameters: {
    flags: {
      from: textFlag("TARGET", "The target that it leaves, where it has several"),
      lun: LUN_FLAG,
      force: FORCE_FLAG,
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT, TARGET_ARGUMENT] },
  },
  docs: { brief: "Take a disk from its target and give it to another, in one step" },
});

export interface DiskAttachFlags {
  readonly readOnly?: boolean;
  readonly way?: AttachWay;
}

const attach = buildCommand<DiskAttachFlags, [name: string], Context>({
  loader: () => import("../commands/disk_attach.ts"),
  parameters: {
    flags: {
      readOnly: switchFlag("Refuse writes, so that initiators may use it meanwhile"),
      way: WAY_FLAG,
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Use a disk on this machine itself, while no initiator is logged in to it" },
});

export interface DiskDetachFlags {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const detach = buildCommand<DiskDetachFlags, [name: string], Context>({
  loader: () => import("../commands/disk_detach.ts"),
  parameters: {
    flags: {
      force: switchFlag("Although it is in use: it is unmounted, and whoever uses it loses it"),
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Take a disk from this machine, once it is flushed" },
});

export interface DiskSetFlags {
  readonly name?: string;
  readonly description?: string;
  readonly shared?: boolean;
  readonly readOnly?: boolean;
}

const set = buildCommand<DiskSetFlags, [name: string], Context>({
  loader: () => import("../commands/disk_set.ts"),
  parameters: {
    flags: {
      name: textFlag("NAME", "A new name"),
      description: textFlag("TEXT", "A new description; an empty one takes it away"),
      shared: eitherFlag("Whether several initiators may write it"),
      readOnly: eitherFlag("Whether writes through its targets are refused"),
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Rename a disk, describe it, or change how it may be used" },
});

export interface DiskRemoveFlags {
  readonly deleteFile?: boolean;
  readonly yes?: boolean;
}

const remove = buildCommand<DiskRemoveFlags, [name: string], Context>({
  loader: () => import("../commands/disk_remove.ts"),
  parameters: {
    flags: { deleteFile: switchFlag("Delete its file too: the data is lost"), yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Forget a disk; its file stays unless its deletion is asked for" },
});

export const diskRoutes = buildRouteMap({
  routes: {
    create,
    import: importDisk,
    list,
    show,
    set,
    extend,
    assign,
    unassign,
    move,
    attach,
    detach,
    copy,
    convert,
    check,
    remove,
  },
  docs: { brief: "Disks: what targets offer" },
});
