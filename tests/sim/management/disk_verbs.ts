/** The model of the verbs for disks. */
import type {
  AssignOptions,
  DiskChanges,
  Extension,
  Force,
  ImportedDisk,
  MoveOptions,
  NewDisk,
  RemoveOptions,
} from "../../../lib/config/control.ts";
import {
  areSeveral,
  checkName,
  description,
  type Model,
  type ModelAssignment,
  type ModelDisk,
  type ModelTarget,
  require,
} from "./model.ts";

const MOST_LUN = 16_383;

export const DISK_VERBS = {
  createDisk(model: Model, asked: NewDisk): void {
    const { path, memory, size = 0 } = asked;
    const blocks = blockLengths(asked);
    require(size > 0 && size % blocks.logicalBlockLength === 0, "usage", "no whole blocks");
    const name = asked.name ?? memory ?? nameOf(path!);
    if (path !== undefined) require(/\.(vhd|img)$/.test(path), "usage", "no format");
    const text = description(asked.description ?? "");
    if (path !== undefined) require(path.startsWith("/"), "usage", "no absolute path");
    const format = path === undefined ? "mem" : path.endsWith(".vhd") ? "vhd" : "raw";
    const type = format === "vhd" ? asked.type ?? "fixed" : null;
    require(type !== null || (asked.type ?? "fixed") === "fixed", "usage", "only a VHD has a type");
    require(type !== "differencing", "usage", "no parent is named");
    const disk: ModelDisk = {
      name,
      path: path ?? null,
      format,
      type,
      uuid: undefined,
      size,
      ...blocks,
      sparse: path === undefined || type === "dynamic" || (asked.sparse ?? false),
      removable: asked.removable ?? false,
      shared: asked.shared ?? false,
      description: text,
      assignments: [],
    };
    requireNew(model, disk);
    const target = asked.target === undefined ? undefined : model.target(asked.target);
    if (target !== undefined) requireExclusive(disk, target, [], false);
    if (path !== undefined) {
      require(!model.files.has(path), "in-use", "there is a file");
      model.files.set(path, size);
    }
    model.disks.push(disk);
    if (target !== undefined) {
      disk.assignments = [{ target, lun: model.freeLun(target), readOnly: false }];
    }
  },

  importDisk(model: Model, asked: ImportedDisk): void {
    const { path } = asked;
    require(path.startsWith("/"), "usage", "no absolute path");
    require(model.disks.every((disk) => disk.path !== path), "in-use", "it is a disk");
    const size = model.files.get(path);
    require(size !== undefined, "not-found", "no file");
    const disk: ModelDisk = {
      name: asked.name ?? nameOf(path),
      path,
      format: "raw",
      type: null,
      uuid: undefined,
      size,
      ...blockLengths(asked),
      sparse: false,
      removable: false,
      shared: false,
      description: description(asked.description ?? ""),
      assignments: [],
    };
    requireNew(model, disk);
    model.disks.push(disk);
  },

  assignDisk(model: Model, name: string, to: string, options: AssignOptions): void {
    const disk = model.disk(name);
    assign(model, disk, model.target(to), options);
  },

  unassignDisk(model: Model, name: string, from: string | undefined, { force }: Force): void {
    const disk = model.disk(name);
    const target = from === undefined ? undefined : model.target(from);
    unassign(
      model,
      disk,
      disk.assignments.filter((each) => (target ?? each.target) === each.target),
      force,
    );
  },

  moveDisk(model: Model, name: string, to: string, { from, lun, force }: MoveOptions): void {
    const disk = model.disk(name);
    const target = model.target(to);
    const { assignments } = disk;
    const named = assignments.filter((each) => (from ?? each.target.name) === each.target.name);
    require(named.length > 0, "not-found", "not assigned");
    require(named.length === 1, "usage", "several targets");
    const [left] = named;
    require(left!.target !== target, "in-use", "it is there");
    requireUnused(model, named, force);
    const { readOnly } = left!;
    // What the second half refuses undoes the first.
    disk.assignments = assignments.filter((each) => each !== left);
    try {
      assign(model, disk, target, { lun, readOnly });
    } catch (error) {
      disk.assignments = assignments;
      throw error;
    }
  },

  setDisk(model: Model, name: string, changes: DiskChanges): void {
    const disk = model.disk(name);
    const text = changes.description === undefined
      ? disk.description
      : description(changes.description);
    if (changes.name !== undefined && changes.name !== name) {
      checkName(changes.name);
      requireFreeName(model, changes.name);
    }
    const { readOnly } = changes;
    require(readOnly === undefined || disk.assignments.length > 0, "not-found", "not assigned");
    const shared = changes.shared ?? disk.shared;
    const assignments = disk.assignments
      .map((each) => ({ ...each, readOnly: readOnly ?? each.readOnly }));
    const [first, ...others] = assignments;
    if (first !== undefined && (changes.shared !== undefined || readOnly !== undefined)) {
      requireExclusive({ shared }, first.target, others, first.readOnly);
    }
    Object.assign(disk, { name: changes.name ?? name, description: text, shared, assignments });
  },

  extendDisk(model: Model, name: string, { by, to }: Extension): void {
    const disk = model.disk(name);
    require((by === undefined) !== (to === undefined), "usage", "by or to");
    const size = to ?? disk.size + by!;
    require(size > disk.size && size % disk.logicalBlockLength === 0, "usage", "no such size");
    disk.size = size;
    if (disk.path !== null) model.files.set(disk.path, size);
  },

  removeDisk(model: Model, name: string, { deleteFile }: RemoveOptions): void {
    const disk = model.disk(name);
    require(disk.assignments.length === 0, "in-use", "assigned");
    require(model.schedules.every(({ disks }) => !disks.includes(disk)), "in-use", "scheduled");
    model.disks = model.disks.filter((each) => each !== disk);
    if (deleteFile && disk.path !== null) model.files.delete(disk.path);
  },
};

function assign(model: Model, disk: ModelDisk, target: ModelTarget, options: AssignOptions): void {
  const shared = options.shared ?? disk.shared;
  const present = disk.assignments.find((each) => each.target === target);
  const others = disk.assignments.filter((each) => each !== present);
  const readOnly = options.readOnly ?? present?.readOnly ?? false;
  requireExclusive({ shared }, target, others, readOnly);
  const asked = options.lun;
  if (present !== undefined) {
    require(asked === undefined || asked === present.lun, "in-use", "it has another LUN");
  } else if (asked !== undefined) {
    const isLun = Number.isInteger(asked) && asked >= 0 && asked <= MOST_LUN;
    require(isLun, "usage", "no LUN");
    require(model.luns(target).every(({ lun }) => lun !== asked), "in-use", "the LUN is taken");
  }
  const lun = present?.lun ?? asked ?? model.freeLun(target);
  disk.shared = shared;
  disk.assignments = [...others, { target, lun, readOnly }];
}

function unassign(
  model: Model,
  disk: ModelDisk,
  taken: readonly ModelAssignment[],
  force: boolean | undefined,
): void {
  require(taken.length > 0, "not-found", "not assigned");
  requireUnused(model, taken, force);
  disk.assignments = disk.assignments.filter((each) => !taken.includes(each));
}

function requireUnused(
  model: Model,
  taken: readonly ModelAssignment[],
  force: boolean | undefined,
): void {
  const isUsed = taken.some(({ target }) => model.sessionsOf(target).length > 0);
  require(!isUsed || force === true, "in-use", "sessions");
}

/** A disk that is not shared has one target, and one initiator that writes it. */
function requireExclusive(
  { shared }: Pick<ModelDisk, "shared">,
  target: ModelTarget,
  others: readonly unknown[],
  readOnly: boolean,
): void {
  if (shared) return;
  require(others.length === 0, "in-use", "it has another target");
  require(readOnly || !areSeveral(target.allow), "in-use", "two writers");
}

function requireNew(model: Model, { name, path }: ModelDisk): void {
  checkName(name);
  requireFreeName(model, name);
  require(path === null || model.disks.every((disk) => disk.path !== path), "in-use", "a disk");
  model.requireRoom("disks");
}

function requireFreeName({ disks }: Model, name: string): void {
  require(disks.every((disk) => disk.name !== name), "in-use", "the name is taken");
}

function blockLengths(
  { logicalBlockLength = 512, physicalBlockLength = logicalBlockLength }: {
    readonly logicalBlockLength?: number | undefined;
    readonly physicalBlockLength?: number | undefined;
  },
) {
  const known = [512, 4096];
  require(known.includes(logicalBlockLength), "usage", "no block length");
  require(known.includes(physicalBlockLength), "usage", "no block length");
  require(physicalBlockLength >= logicalBlockLength, "usage", "the blocks do not fit");
  return { logicalBlockLength, physicalBlockLength };
}

/** The name that a file gives its disk. */
function nameOf(path: string): string {
  return /([^/]+)\.[^.]+$/.exec(path)![1]!;
}
