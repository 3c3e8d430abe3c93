/** Takes a new disk, created or imported, into the declared state. */
import type { BlockLengths, ImportedDisk, NewDisk } from "../control.ts";
import { ControlError } from "../control_error.ts";
import { checkExportUrl, isExportUrl } from "../export_url.ts";
import { checkName, nameOfFile } from "../names.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { isAbsolute } from "../../runtime/path.ts";
import { assignDisk } from "./assign_disk.ts";
import { checkSize } from "./check_size.ts";
import { checkDescription } from "../description.ts";
import type { Outcome } from "./outcome.ts";
import { checkRoom } from "./set_limits.ts";

/** What a file's name says about what is to be created in it. */
const FORMAT_OF_EXTENSION: Readonly<Record<string, DeclaredDisk["format"]>> = {
  vhd: "vhd",
  img: "raw",
  raw: "raw",
};

/** Adds the disk, and assigns it where a target is named. */
export function declareDisk(state: DeclaredState, disk: DeclaredDisk, target?: string): Outcome {
  checkName("disk", disk.name);
  checkDiskNameIsFree(state, disk.name);
  // What shows a snapshot shares its file.
  if (!disk.chain?.readOnly) checkFileIsFree(state, disk.path);
  checkRoom(state, "disks");
  const notices = disk.format === "mem"
    ? [`disk ${disk.name} is kept in memory: what is written to it is lost when the service ends`]
    : [];
  const next = { ...state, disks: [...state.disks, disk] };
  if (target === undefined) return { state: next, notices };
  const assigned = assignDisk(next, disk.name, target, {});
  return { state: assigned.state, notices: [...notices, ...assigned.notices] };
}

export function checkDiskNameIsFree(state: DeclaredState, name: string): void {
  if (state.disks.every((disk) => disk.name !== name)) return;
  throw new ControlError(
    "in-use",
    `there is a disk ${name} already`,
    "give another name with --name",
  );
}

/** Refuses a file that is a disk already. */
export function checkFileIsFree(state: DeclaredState, path: string | undefined): void {
  const holder = state.disks.find((disk) =>
    path !== undefined &&
    (disk.path === path || disk.chain?.snapshots.some((each) => each.path === path))
  );
  if (holder === undefined) return;
  throw new ControlError(
    "in-use",
    `the file ${path} is disk ${holder.name} already`,
    `see sanctl disk show ${holder.name}`,
  );
}

/** A disk whose file's name need not say its format. */
export interface PlannedDisk extends NewDisk {
  readonly format?: DeclaredDisk["format"] | undefined;
}

/** The disk that is asked for, as it will be declared; what cannot be made is refused. */
export function planDisk(asked: PlannedDisk): DeclaredDisk {
  const { path, memory, size } = asked;
  if ((path === undefined) === (memory === undefined)) {
    throw new ControlError(
      "usage",
      "a disk is either a file or in memory",
      "name one: FILE, or mem:NAME",
    );
  }
  const blockLengths = checkBlockLengths(asked);
  const format = path === undefined ? "mem" : asked.format ?? formatOfFile(path);
  const form = formOf(asked, format);
  if (size === undefined) {
    throw new ControlError("usage", "a disk needs a size", "give one, such as --size 20G");
  }
  checkSize(size, { format, ...blockLengths });
  return {
    name: asked.name ?? memory ?? nameOfFile(path!),
    format,
    ...(path === undefined ? {} : { path }),
    ...form,
    uuid: crypto.randomUUID(),
    size,
    ...blockLengths,
    sparse: path === undefined || isGrowing(form) || (asked.sparse ?? false),
    removable: asked.removable ?? false,
    shared: asked.shared ?? false,
    description: checkDescription(asked.description ?? ""),
    assignments: [],
  };
}

type VhdForm = Pick<DeclaredDisk, "type" | "parent">;

/** The type of a VHD, and what it is a child of. */
function formOf({ type, parent }: PlannedDisk, format: DeclaredDisk["format"]): VhdForm {
  if (format !== "vhd") {
    if (parent === undefined && (type === undefined || type === "fixed")) return {};
    throw new ControlError(
      "usage",
      "only a VHD can be dynamic or differencing",
      "let the name of the file end in .vhd",
    );
  }
  if ((type === "differencing") !== (parent !== undefined)) {
    throw new ControlError(
      "usage",
      type === "differencing" ? "a differencing disk needs a parent" : "a parent is for a child",
      "give both --type differencing and --parent FILE",
    );
  }
  return { type: type ?? "fixed", ...(parent === undefined ? {} : { parent }) };
}

/** It takes space as it is written, whatever is asked for. */
function isGrowing({ type }: VhdForm): boolean {
  return type !== undefined && type !== "fixed";
}

/** Refuses a parent that is a disk here, and might be written to. */
export function checkParentIsFree(state: DeclaredState, parent: string | undefined): void {
  const holder = parent === undefined
    ? undefined
    : state.disks.find((disk) => disk.path === parent);
  if (holder === undefined) return;
  throw new ControlError(
    "in-use",
    `the file ${parent} is disk ${holder.name}, and a parent must not be written to any more`,
    `sanctl disk remove ${holder.name} first: its file stays`,
  );
}

/** What a look at an existing file told. */
export interface FoundDisk {
  readonly format: "vhd" | "raw" | "nbd";
  readonly size: number;
  /** The file takes less space than the disk has. */
  readonly sparse: boolean;
  /** Where the format has one. */
  readonly uuid: string | undefined;
  /** Of a VHD. */
  readonly type?: DeclaredDisk["type"];
  /** The file of a differencing VHD's parent. */
  readonly parent?: string | undefined;
}

/** The disk that an existing file makes. */
export function planImport(
  state: { readonly disks: readonly DeclaredDisk[] },
  asked: ImportedDisk,
  found: FoundDisk,
): DeclaredDisk {
  const blockLengths = checkBlockLengths(asked);
  checkFoundSize(asked.path, found.size, blockLengths.logicalBlockLength);
  const isKnown = state.disks.some(({ uuid }) => uuid === found.uuid);
  return {
    name: asked.name ?? nameOfFile(fileOf(asked.path)),
    format: found.format,
    path: asked.path,
    ...(found.type === undefined ? {} : { type: found.type }),
    ...(found.parent === undefined ? {} : { parent: found.parent }),
    // A copy of a disk that is here is another disk: initiators must not take it for the same.
    uuid: found.uuid === undefined || isKnown ? crypto.randomUUID() : found.uuid,
    size: found.size,
    ...blockLengths,
    sparse: found.sparse,
    removable: false,
    shared: false,
    description: checkDescription(asked.description ?? ""),
    assignments: [],
  };
}

/** What names the disk of that place: its file, or its export. */
function fileOf(place: string): string {
  return isExportUrl(place) ? checkExportUrl(place).exportName : place;
}

/** Refuses a path that the service and the command could understand differently. */
export function checkPath(path: string): void {
  if (isExportUrl(path)) return void checkExportUrl(path);
  if (isAbsolute(path) && !path.includes("\0") && !path.endsWith("/")) return;
  throw new ControlError(
    "usage",
    `${JSON.stringify(path)} is not the absolute path of a file`,
    "give one, such as /srv/disks/mail.vhd",
  );
}

function formatOfFile(path: string): DeclaredDisk["format"] {
  if (isExportUrl(path)) {
    throw new ControlError(
      "usage",
      `${path} is an export, which its own server makes`,
      "take one that is there: sanctl disk import",
    );
  }
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  const format = Object.hasOwn(FORMAT_OF_EXTENSION, extension)
    ? FORMAT_OF_EXTENSION[extension]
    : undefined;
  if (format !== undefined) return format;
  throw new ControlError(
    "usage",
    `the name ${JSON.stringify(path)} does not say which format the disk is to have`,
    "let it end in .vhd, or in .img or .raw for a plain file of blocks",
  );
}

type BlockLength = DeclaredDisk["logicalBlockLength"];

function checkBlockLengths(asked: BlockLengths): Record<keyof BlockLengths, BlockLength> {
  const logicalBlockLength = checkBlockLength(asked.logicalBlockLength ?? 512);
  const physicalBlockLength = checkBlockLength(asked.physicalBlockLength ?? logicalBlockLength);
  if (physicalBlockLength >= logicalBlockLength) {
    return { logicalBlockLength, physicalBlockLength };
  }
  throw new ControlError(
    "usage",
    `a physical block of ${physicalBlockLength} octets cannot hold a logical one of ` +
      `${logicalBlockLength}`,
    `use at least ${logicalBlockLength}`,
  );
}

function checkBlockLength(length: number): BlockLength {
  if (length === 512 || length === 4096) return length;
  throw new ControlError("usage", `a block cannot have ${length} octets`, "use 512 or 4096");
}

function checkFoundSize(path: string, size: number, blockLength: BlockLength): void {
  if (size % blockLength === 0) return;
  throw new ControlError(
    "failed",
    `the disk in ${path} has ${size} octets, which is not whole blocks of ${blockLength}`,
    blockLength === 512
      ? "lengthen it with zeros to a multiple of 512"
      : "import it with blocks of 512",
  );
}
