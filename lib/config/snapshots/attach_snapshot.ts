/**
 * Lets initiators, or programs of the server, see a snapshot: as a read-only disk, or as a clone
 * that they write to.
 */
import { directoryOf } from "../../runtime/path.ts";
import { ControlError } from "../control_error.ts";
import { notRunning } from "../operations/attach_disk.ts";
import { assignDisk } from "../operations/assign_disk.ts";
import { declareDisk } from "../operations/declare_disk.ts";
import { findTarget } from "../operations/find.ts";
import { type Outcome, sessionCount } from "../operations/outcome.ts";
import type { DeclaredAttachment, DeclaredDisk, DeclaredState } from "../schema.ts";
import type { AttachOptions } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { chainFilesOf } from "./chain_files.ts";
import { announceFiles, forgetFiles } from "./create_snapshots.ts";
import {
  findSnapshot,
  type FoundSnapshot,
  requireKept,
  showing,
  withChain,
  without,
} from "./find_snapshot.ts";

export async function attachSnapshot(
  keeper: StateKeeper,
  name: string,
  options: AttachOptions,
): Promise<{ disk: string; outcome: Outcome }> {
  const state = await keeper.state();
  const found = findSnapshot(state, name);
  requireKept(found);
  checkChoice(options);
  if (options.target === undefined && !keeper.observation.running) {
    throw notRunning(`attaching snapshot ${name} on the server itself`);
  }
  const plan = planOf(found, options);
  // Whatever can be refused is refused before a file is made.
  attached(state, plan, options);
  const disk = plan.name;
  if (!options.writable) {
    return { disk, outcome: await keeper.change((state) => attached(state, plan, options)) };
  }
  const files = [{ uuid: found.disk.uuid, child: plan.path! }];
  await announceFiles(keeper, files);
  const chainFiles = chainFilesOf(keeper);
  let made = false;
  try {
    const { path } = found.snapshot;
    const force = found.chain.merge !== undefined;
    await chainFiles.makeChild({ path: plan.path!, parent: path, force });
    made = true;
    const outcome = await keeper.change((state) => {
      const settled = withChain(state, found.disk.uuid, (chain) => without(chain, "unfinished"));
      return attached(settled, plan, options);
    });
    return { disk, outcome };
  } catch (error) {
    if (made) await chainFiles.remove(plan.path!);
    await forgetFiles(keeper, files);
    throw error;
  }
}

/** A LUN is a target's, and a way is one into this machine. */
function checkChoice({ target, lun, way }: AttachOptions): void {
  if (target === undefined && lun !== undefined) {
    throw new ControlError("usage", "a LUN is of a target", "add --target TARGET");
  }
  if (target !== undefined && way !== undefined) {
    const next = "leave one of them out";
    throw new ControlError("usage", "initiators of a target have no --way of their own", next);
  }
}

function planOf(
  { disk: { attached: _, ...disk }, snapshot }: FoundSnapshot,
  { target, way, writable = false, name = snapshot.name }: AttachOptions,
): DeclaredDisk {
  const chain = { snapshots: [], snapshotOf: snapshot.uuid };
  return {
    ...disk,
    name,
    path: writable ? `${directoryOf(snapshot.path)}/${name}.vhd` : snapshot.path,
    uuid: crypto.randomUUID(),
    size: snapshot.size,
    shared: false,
    description: `${writable ? "a clone of " : ""}snapshot ${snapshot.name}`,
    assignments: [],
    ...(target === undefined ? { attached: attachment(!writable, way) } : {}),
    chain: writable ? { ...chain, parent: snapshot.path } : { ...chain, readOnly: true },
  };
}

function attachment(readOnly: boolean, way: AttachOptions["way"]): DeclaredAttachment {
  return { readOnly, ...(way === undefined ? {} : { way }) };
}

function attached(
  state: DeclaredState,
  plan: DeclaredDisk,
  { target, lun, writable }: AttachOptions,
): Outcome {
  if (target === undefined) return declareDisk(state, plan);
  findTarget(state, target);
  const { state: declared } = declareDisk(state, plan);
  return assignDisk(declared, plan.name, target, { lun, readOnly: !writable });
}

/** Takes the disks away that show it, and deletes the files of its clones. */
export async function detachSnapshot(
  keeper: StateKeeper,
  name: string,
  force: boolean,
): Promise<Outcome> {
  const { snapshot } = findSnapshot(await keeper.state(), name);
  let gone: DeclaredDisk[] = [];
  const outcome = await keeper.change((state) => {
    gone = showing(state, snapshot);
    if (gone.length === 0) {
      const next = "sanctl snapshot attach does that";
      throw new ControlError("not-found", `snapshot ${name} is not attached`, next);
    }
    for (const disk of gone) requireFree(disk, force ? () => 0 : keeper.observation.sessionsOf);
    return {
      state: { ...state, disks: state.disks.filter((each) => !gone.includes(each)) },
      notices: [],
      force,
    };
  });
  const chainFiles = chainFilesOf(keeper);
  for (const { chain, path } of gone) if (!chain?.readOnly) await chainFiles.remove(path!);
  const notices = gone.map((disk) => `disk ${disk.name} is gone`);
  return { ...outcome, notices: [...outcome.notices, ...notices] };
}

function requireFree(
  { name, assignments, chain }: DeclaredDisk,
  sessionsOf: (target: string) => number,
): void {
  if (chain !== undefined && chain.snapshots.length > 0) {
    const next = "sanctl snapshot delete them first";
    throw new ControlError("in-use", `disk ${name}, a clone, has snapshots of its own`, next);
  }
  for (const { target } of assignments) {
    const count = sessionsOf(target);
    if (count === 0) continue;
    const next = "end them first, or give --force";
    const what = `disk ${name} is in use: target ${target} has ${sessionCount(count)}`;
    throw new ControlError("in-use", what, next);
  }
}
