/**
 * What is done to disks that takes more than declaring it: their files are made, looked at, made
 * larger and deleted.
 */
import type { Changed, Extension, ImportedDisk, NewDisk, RemoveOptions } from "./control.ts";
import { ControlError } from "./control_error.ts";
import type { CreateOptions } from "./disk_files.ts";
import { isExportUrl } from "./export_url.ts";
import type { DiskFacts, RemovedDisk } from "./facts.ts";
import { diskFacts, factsOfDisk } from "./facts_of.ts";
import {
  checkFileIsFree,
  checkParentIsFree,
  checkPath,
  declareDisk,
  planDisk,
  planImport,
} from "./operations/declare_disk.ts";
import { declareSize, planExtension } from "./operations/extend_disk.ts";
import { findDisk } from "./operations/find.ts";
import { checkDeletable, removeDisk } from "./operations/remove_disk.ts";
import type { DeclaredDisk } from "./schema.ts";
import type { StateKeeper } from "./state_keeper.ts";

export async function createDisk(
  keeper: StateKeeper,
  disk: NewDisk,
  watch: CreateOptions,
): Promise<Changed<DiskFacts>> {
  const { files } = keeper;
  const plan = await located(keeper, planDisk(await withParent(keeper, disk)));
  // Everything that can be refused is refused before a file of many gigabytes is written.
  declareDisk(await keeper.state(), plan, disk.target);
  if (plan.path === undefined) return await declare(keeper, plan, disk.target);
  const uuid = await files.create(plan, watch) ?? plan.uuid;
  try {
    return await declare(keeper, { ...plan, uuid }, disk.target);
  } catch (error) {
    await files.delete(plan.path);
    throw error;
  }
}

export async function importDisk(
  keeper: StateKeeper,
  disk: ImportedDisk,
): Promise<Changed<DiskFacts>> {
  const { files } = keeper;
  checkPath(disk.path);
  const path = await files.locate(disk.path);
  checkFileIsFree(await keeper.state(), path);
  const { force } = disk;
  const parent = disk.parent === undefined ? undefined : await files.locate(disk.parent);
  const found = await files.look(path, { parent, force });
  let name = "";
  const { state, notices } = await keeper.change((state) => {
    checkParentIsFree(state, found.parent);
    const plan = planImport(state, { ...disk, path }, found);
    name = plan.name;
    return declareDisk(state, plan);
  });
  return { facts: diskFacts(state, name, keeper.observation), notices };
}

export async function extendDisk(
  keeper: StateKeeper,
  name: string,
  extension: Extension,
  watch: CreateOptions,
): Promise<Changed<DiskFacts>> {
  const { observation } = keeper;
  const disk = findDisk(await keeper.state(), name);
  const { size: present = disk.size } = observation.conditionOf(name);
  const size = planExtension(disk, present, extension);
  await keeper.grow(disk, size, watch);
  const { state, notices } = await keeper.change((state) => declareSize(state, disk, size));
  const extended = state.disks.find(({ uuid }) => uuid === disk.uuid)!;
  if (extended.attached === undefined) {
    return { facts: factsOfDisk(extended, observation), notices };
  }
  const told = [...notices, "programs of this machine see that when it is attached anew"];
  return { facts: factsOfDisk(extended, observation), notices: told };
}

export async function removeDiskAndFile(
  keeper: StateKeeper,
  name: string,
  options: RemoveOptions,
): Promise<Changed<RemovedDisk>> {
  let path: string | undefined;
  const { notices } = await keeper.change((state) => {
    path = findDisk(state, name).path;
    if (options.deleteFile) checkDeletable(path);
    return removeDisk(state, name);
  });
  if (path === undefined) return { facts: { name, path: null, fileDeleted: false }, notices };
  if (!options.deleteFile) {
    const kept = [...notices, `${isExportUrl(path) ? "the export" : "its file"} ${path} stays`];
    return { facts: { name, path, fileDeleted: false }, notices: kept };
  }
  await deleteFile(keeper, name, path);
  return { facts: { name, path, fileDeleted: true }, notices };
}

async function declare(
  keeper: StateKeeper,
  disk: DeclaredDisk,
  target?: string,
): Promise<Changed<DiskFacts>> {
  const { state, notices } = await keeper.change((state) => declareDisk(state, disk, target));
  return { facts: diskFacts(state, disk.name, keeper.observation), notices };
}

/** A child, with the one path of its parent, and the parent's size where none is asked for. */
async function withParent(keeper: StateKeeper, disk: NewDisk): Promise<NewDisk> {
  if (disk.parent === undefined || disk.type !== "differencing") return disk;
  checkPath(disk.parent);
  const parent = await keeper.files.locate(disk.parent);
  checkParentIsFree(await keeper.state(), parent);
  const { format, size } = await keeper.files.look(parent);
  if (format !== "vhd") {
    throw new ControlError(
      "usage",
      `the file ${parent} is no VHD, and cannot be a parent`,
      "name a VHD of any type",
    );
  }
  return { ...disk, parent, size: disk.size ?? size };
}

/** The disk at the one path that its file has, whatever links lead there. */
async function located(keeper: StateKeeper, disk: DeclaredDisk): Promise<DeclaredDisk> {
  if (disk.path === undefined) return disk;
  checkPath(disk.path);
  return { ...disk, path: await keeper.files.locate(disk.path) };
}

async function deleteFile(keeper: StateKeeper, name: string, path: string): Promise<void> {
  try {
    await keeper.files.delete(path);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    throw new ControlError(
      error.kind,
      `disk ${name} is removed, but ${error.message}`,
      "delete the file by hand",
      { cause: error },
    );
  }
}
