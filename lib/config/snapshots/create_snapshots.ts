/**
 * Takes snapshots. The disk's file becomes the snapshot's, to which nobody writes any more, and a
 * new child of it becomes the disk's: no write goes to a file that the state does not name.
 */
import { ControlError } from "../control_error.ts";
import { checkDescription } from "../description.ts";
import { findDisk } from "../operations/find.ts";
import type { Outcome } from "../operations/outcome.ts";
import { type DeclaredDisk, type DeclaredState, MOST_SNAPSHOTS } from "../schema.ts";
import type { NewSnapshot } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { type ChainFiles, chainFilesOf } from "./chain_files.ts";
import { childPath } from "./child_path.ts";
import { chainOf, withChain, without } from "./find_snapshot.ts";
import { nameSnapshot } from "./name_snapshot.ts";
import { requireSnapshots } from "./no_snapshots.ts";
import { requireRoom } from "./space_limit.ts";

/** One snapshot that is to be taken. */
export interface Plan {
  readonly uuid: string;
  /** The new file. */
  readonly child: string;
  readonly name: string;
  readonly takenAt: Date;
  readonly description: string;
  /** What it keeps is only there until it is merged. */
  readonly deleting?: true;
  readonly schedule?: string | undefined;
  readonly backup?: string | undefined;
}

/** Answers the names of the snapshots, all or none of which have been taken. */
export async function createSnapshots(
  keeper: StateKeeper,
  { disks: names, group, name, description = "", schedule, backup }: NewSnapshot,
  now: Date,
): Promise<{ names: string[]; outcome: Outcome }> {
  const state = await keeper.state();
  const disks = [...new Set(names)].map((each) => findDisk(state, each));
  if (disks.length === 0) {
    throw new ControlError("usage", "it is not said of which disk", "name one, or several");
  }
  checkDescription(description);
  for (const disk of disks) await requireSuitable(state, disk);
  const plans: Plan[] = [];
  for (const disk of disks) {
    const asked = name === undefined || disks.length === 1 ? name : `${disk.name}-${name}`;
    plans.push({
      uuid: disk.uuid,
      child: await childPath(disk, state, chainFilesOf(keeper)),
      name: nameSnapshot(state, disk.name, now, asked),
      takenAt: now,
      description,
      schedule,
      backup,
    });
  }
  const groups = group ? [plans] : plans.map((plan) => [plan]);
  let outcome: Outcome | undefined;
  for (const each of groups) outcome = await takeSnapshots(keeper, each);
  return { names: plans.map((each) => each.name), outcome: outcome! };
}

/** Takes snapshots of several disks at one moment. */
export async function takeSnapshots(
  keeper: StateKeeper,
  plans: readonly Plan[],
): Promise<Outcome> {
  await announceFiles(keeper, plans);
  const made: string[] = [];
  const chainFiles = chainFilesOf(keeper);
  try {
    return await keeper.exchange(plans.map(({ uuid }) => uuid), {
      async run(state) {
        for (const plan of plans) {
          const size = await makeChildOf(chainFiles, diskOf(state, plan.uuid), plan.child);
          made.push(plan.child);
          state = withSnapshot(state, plan, size);
        }
        return { state, notices: [] };
      },
      async undo() {
        for (const child of made) await chainFiles.remove(child);
      },
    });
  } catch (error) {
    await forgetFiles(keeper, plans);
    throw error;
  }
}

/** Names the files before they are there: what a crash leaves of them is known by that. */
export async function announceFiles(
  keeper: StateKeeper,
  plans: readonly Pick<Plan, "uuid" | "child">[],
): Promise<void> {
  await keeper.change((state) => ({
    state: plans.reduce(
      (each, { uuid, child }) =>
        withChain(each, uuid, (chain) => ({ ...chain, unfinished: child })),
      state,
    ),
    notices: [],
  }));
}

export async function forgetFiles(
  keeper: StateKeeper,
  plans: readonly Pick<Plan, "uuid">[],
): Promise<void> {
  await keeper.change((state) => ({
    state: plans.reduce(
      (each, { uuid }) => withChain(each, uuid, (chain) => without(chain, "unfinished")),
      state,
    ),
    notices: [],
  }));
}

/** Answers its octets: a disk that was being extended in a crash has more than are declared. */
async function makeChildOf(
  files: ChainFiles,
  disk: DeclaredDisk,
  path: string,
): Promise<number> {
  const force = chainOf(disk).merge !== undefined;
  return await files.makeChild({ path, parent: disk.path!, force });
}

function withSnapshot(state: DeclaredState, plan: Plan, size: number): DeclaredState {
  const { name, takenAt, description, deleting, schedule, backup } = plan;
  return withChain(state, plan.uuid, (chain, disk) => ({
    ...without(chain, "unfinished"),
    parent: disk.path!,
    snapshots: [...chain.snapshots, {
      name,
      uuid: crypto.randomUUID(),
      path: disk.path!,
      ...(chain.parent === undefined ? {} : { parent: chain.parent }),
      takenAt: takenAt.toISOString(),
      description,
      size,
      ...(deleting ? { deleting } : {}),
      ...(schedule === undefined ? {} : { schedule }),
      ...(backup === undefined ? {} : { backup }),
    }],
  }), { path: plan.child, size });
}

function diskOf(state: DeclaredState, uuid: string): DeclaredDisk {
  return state.disks.find((each) => each.uuid === uuid)!;
}

async function requireSuitable(state: DeclaredState, disk: DeclaredDisk): Promise<void> {
  requireSnapshots(disk);
  const { name } = disk;
  const { snapshots } = chainOf(disk);
  if (snapshots.length >= MOST_SNAPSHOTS) {
    const next = "sanctl snapshot delete some of them";
    const what = `disk ${name} has ${snapshots.length} snapshots, and no disk has more`;
    throw new ControlError("failed", what, next);
  }
  await requireRoom(state, disk);
}
