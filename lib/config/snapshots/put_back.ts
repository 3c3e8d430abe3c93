/** Puts another file behind a disk, which holds what the disk held before. */
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
import { withChain, without } from "./find_snapshot.ts";
import { nameSnapshot } from "./name_snapshot.ts";

/** The file that a disk is to have. */
export interface NewFile {
  /** Octets of the disk. */
  readonly size: number;
  /** The file under it; undefined where it needs none. */
  readonly parent: string | undefined;
}

export interface PutBackOptions extends RollBackOptions {
  /** What is done, as what the disk was kept before: `it was rolled back to one`. */
  readonly what: string;
  readonly now: Date;
  /** Makes the file at the path, while nobody uses the disk. */
  make(state: DeclaredState, path: string): Promise<NewFile>;
}

/** What the disk holds now is kept as a snapshot, unless it is discarded. */
export async function putBack(
  keeper: StateKeeper,
  { uuid, name }: DeclaredDisk,
  { make, force, ...options }: PutBackOptions,
): Promise<Outcome> {
  const before = await keeper.state();
  const disk = before.disks.find((each) => each.uuid === uuid)!;
  requireUnused(disk, force ?? false, keeper.observation);
  const chainFiles = chainFilesOf(keeper);
  const path = await childPath(disk, before, chainFiles);
  const files = [{ uuid, child: path }];
  await announceFiles(keeper, files);
  let made = false;
  try {
    return await keeper.exchange([uuid], {
      isNews: true,
      async run(state) {
        const file = await make(state, path);
        made = true;
        return exchanged(state, { uuid, name, path, file, ...options });
      },
      async undo() {
        if (made) await chainFiles.remove(path);
      },
    });
  } catch (error) {
    await forgetFiles(keeper, files);
    throw error;
  }
}

interface Exchange extends Pick<PutBackOptions, "what" | "now" | "discard"> {
  readonly uuid: string;
  readonly name: string;
  readonly path: string;
  readonly file: NewFile;
}

function exchanged(
  state: DeclaredState,
  { uuid, name, path: child, file, what, now, discard }: Exchange,
): Outcome {
  const kept = nameSnapshot(state, name, now);
  const { size, parent } = file;
  const changed = withChain(state, uuid, (chain, { path }) => {
    const { parent: under, ...rest } = without(chain, "unfinished");
    return {
      ...rest,
      ...(parent === undefined ? {} : { parent }),
      snapshots: [...chain.snapshots, {
        name: kept,
        uuid: crypto.randomUUID(),
        path: path!,
        ...(under === undefined ? {} : { parent: under }),
        takenAt: now.toISOString(),
        description: `before ${what}`,
        size,
        ...(discard ? { deleting: true as const } : {}),
      }],
    };
  }, { path: child, size });
  const next = parent === undefined ? standingAlone(changed, uuid) : changed;
  const notices = discard ? [] : [`what it held before is kept as snapshot ${kept}`];
  return { state: next, notices };
}

/** A file that needs no other is a dynamic one, whatever the disk had before. */
function standingAlone(state: DeclaredState, uuid: string): DeclaredState {
  const disks = state.disks.map((disk) => {
    if (disk.uuid !== uuid) return disk;
    const { parent: _, ...rest } = disk;
    return { ...rest, type: "dynamic" as const };
  });
  return { ...state, disks };
}

/** Refuses to change what somebody uses behind its back. */
export function requireUnused(
  disk: DeclaredDisk,
  force: boolean,
  observation: Observation,
): void {
  // What is mounted would be written over with what was cached of it.
  if (isHeld(disk) || !force) requireNotAttached(disk);
  if (force) return;
  const { name, assignments } = disk;
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
