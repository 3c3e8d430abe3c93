/** Makes a disk what it was: a new child of the snapshot's file takes the writes. */
import { ControlError } from "../control_error.ts";
import type { Observation } from "../observation.ts";
import { isHeld, requireNotAttached } from "../operations/attach_disk.ts";
import { type Outcome, sessionCount } from "../operations/outcome.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import type { RollBackOptions } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { chainFilesOf } from "./chain_files.ts";
import { childPath } from "./child_path.ts";
import { announceFiles, forgetFiles } from "./create_snapshots.ts";
import { findSnapshot, requireKept, withChain, without } from "./find_snapshot.ts";
import { nameSnapshot } from "./name_snapshot.ts";

export async function rollBack(
  keeper: StateKeeper,
  name: string,
  { force, discard }: RollBackOptions,
  now: Date,
): Promise<{ disk: string; outcome: Outcome }> {
  const before = await keeper.state();
  const found = findSnapshot(before, name);
  requireKept(found);
  const { disk } = found;
  requireUnheld(disk, force ?? false);
  if (!force) requireIdle(disk, keeper.observation);
  const chainFiles = chainFilesOf(keeper);
  const child = await childPath(disk, before, chainFiles);
  const files = [{ uuid: disk.uuid, child }];
  await announceFiles(keeper, files);
  let made = false;
  try {
    const outcome = await keeper.exchange([disk.uuid], {
      isNews: true,
      async run(state) {
        const { snapshot } = findSnapshot(state, name);
        const force = found.chain.merge !== undefined;
        // A disk that was extended since stays as large.
        const size = await chainFiles.sizeOfDisk(disk.path!);
        await chainFiles.makeChild({ path: child, parent: snapshot.path, size, force });
        made = true;
        return rolledBack(state, disk.uuid, { name, child, size, now, discard: discard ?? false });
      },
      async undo() {
        if (made) await chainFiles.remove(child);
      },
    });
    return { disk: disk.name, outcome };
  } catch (error) {
    await forgetFiles(keeper, files);
    throw error;
  }
}

interface RollBack {
  /** The snapshot's. */
  readonly name: string;
  readonly child: string;
  readonly size: number;
  readonly now: Date;
  readonly discard: boolean;
}

function rolledBack(
  state: DeclaredState,
  uuid: string,
  { name, child, size, now, discard }: RollBack,
): Outcome {
  const { snapshot, disk } = findSnapshot(state, name);
  const kept = nameSnapshot(state, disk.name, now);
  const changed = withChain(state, uuid, (chain, { path }) => ({
    ...without(chain, "unfinished"),
    parent: snapshot.path,
    snapshots: [...chain.snapshots, {
      name: kept,
      uuid: crypto.randomUUID(),
      path: path!,
      ...(chain.parent === undefined ? {} : { parent: chain.parent }),
      takenAt: now.toISOString(),
      description: `before it was rolled back to ${name}`,
      size,
      ...(discard ? { deleting: true as const } : {}),
    }],
  }), { path: child, size });
  const notices = discard ? [] : [`what it held before is kept as snapshot ${kept}`];
  return { state: changed, notices };
}

/** What is mounted would be written over with what was cached of it. */
function requireUnheld(disk: DeclaredDisk, force: boolean): void {
  if (isHeld(disk) || !force) requireNotAttached(disk);
}

function requireIdle({ name, assignments }: DeclaredDisk, observation: Observation): void {
  for (const { target } of assignments) {
    const count = observation.sessionsOf(target);
    if (count === 0) continue;
    throw new ControlError(
      "in-use",
      `disk ${name} is in use: target ${target} has ${sessionCount(count)}`,
      "end them first, or give --force: initiators will find other data than they left",
    );
  }
}
