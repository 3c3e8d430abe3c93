/**
 * Merges deleted snapshots away, one after the other, while their disks are used. What interrupts
 * it, a crash too, is done again from where it was.
 */
import { ControlError } from "../control_error.ts";
import type { DeclaredDisk, DeclaredSnapshot, DeclaredState } from "../schema.ts";
import type { Followed } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { type ChainFiles, chainFilesOf } from "./chain_files.ts";
import { childPath } from "./child_path.ts";
import { takeSnapshots } from "./create_snapshots.ts";
import { chainOf, type Child, childrenOf, withChain } from "./find_snapshot.ts";
import { othersOver } from "./lineage.ts";
import { merged } from "./merged.ts";
import { nameSnapshot } from "./name_snapshot.ts";
import { spaceOf } from "./space.ts";

/** Octets that are merged while those who use the disk wait. */
const MOST_HALTED = 8 << 20;
/** How often the writes are led elsewhere before it is left for later. */
const MOST_ROUNDS = 8;

interface Files {
  readonly parent: string;
  readonly child: string;
}

interface Task {
  readonly disk: DeclaredDisk;
  /** The one that is to go. */
  readonly snapshot: DeclaredSnapshot;
  readonly child: Child | undefined;
}

export class MergeWork {
  readonly #keeper: StateKeeper;
  readonly #files: ChainFiles;
  readonly #now: () => Date;
  /** By child: the block to go on with. */
  readonly #next = new Map<string, number>();

  constructor(keeper: StateKeeper, now: () => Date) {
    this.#keeper = keeper;
    this.#files = chainFilesOf(keeper);
    this.#now = now;
  }

  /** Merges until nothing is left that can be, or it is called off. */
  async run(followed: Followed = {}): Promise<void> {
    for (let rounds = 0; !followed.signal?.aborted;) {
      const state = await this.#keeper.state();
      const task = nextTask(state);
      if (task === undefined) return;
      if (await this.#mustLeadAway(task)) {
        if (++rounds > MOST_ROUNDS) return;
        await this.#leadAway(state, task);
      } else await this.#merge(task, followed);
    }
  }

  /** The disk is written to, and there is more than can be merged while it waits. */
  async #mustLeadAway({ child }: Task): Promise<boolean> {
    if (child === undefined || child.snapshot !== undefined) return false;
    if (!this.#keeper.observation.running) return false;
    return (await spaceOf(child.path) ?? 0) > MOST_HALTED;
  }

  /** Writes go to a new file from now on, so that the one they went to can be merged. */
  async #leadAway(state: DeclaredState, { disk, snapshot }: Task): Promise<void> {
    const takenAt = this.#now();
    await takeSnapshots(this.#keeper, [{
      uuid: disk.uuid,
      child: await childPath(disk, state, this.#files),
      name: nameSnapshot(state, disk.name, takenAt),
      takenAt,
      description: `what was written until ${snapshot.name} was deleted`,
      deleting: true,
    }]);
  }

  async #merge(task: Task, followed: Followed): Promise<void> {
    const { disk, snapshot, child } = task;
    if (child === undefined) return await this.#remove(task);
    const merge = { parent: snapshot.path, child: child.path };
    await this.#note(disk.uuid, { ...merge, replacing: false });
    const isActive = child.snapshot === undefined;
    if (!isActive && !await this.#copyOn(merge, followed)) return;
    await this.#keeper.exchange([disk.uuid], {
      run: async (state, save) => {
        // What was copied of it before, if that was interrupted, may have been written to since.
        if (isActive && await this.#copy(merge, 0, followed) !== undefined) {
          throw followed.signal?.reason ?? new ControlError("failed", "the merge was called off");
        }
        const replacing = { ...merge, replacing: true };
        await save(withChain(state, disk.uuid, (chain) => ({ ...chain, merge: replacing })));
        await this.#files.replaceChild(merge.parent, merge.child);
        return { state: merged(state, disk.uuid, replacing), notices: [] };
      },
      async undo() {},
    });
  }

  /** Nothing lies on it. */
  async #remove({ disk, snapshot }: Task): Promise<void> {
    this.#next.delete(snapshot.path);
    await this.#files.remove(snapshot.path);
    await this.#keeper.change((state) => ({
      state: withChain(state, disk.uuid, (chain) => ({
        ...chain,
        snapshots: chain.snapshots.filter(({ uuid }) => uuid !== snapshot.uuid),
      })),
      notices: [],
    }));
  }

  async #note(uuid: string, merge: NonNullable<ReturnType<typeof chainOf>["merge"]>) {
    await this.#keeper.change((state) => ({
      state: withChain(state, uuid, (chain) => ({ ...chain, merge })),
      notices: [],
    }));
  }

  /** Goes on with a child that does not change any more; answers whether all is copied. */
  async #copyOn(merge: Files, followed: Followed): Promise<boolean> {
    const next = await this.#copy(merge, this.#next.get(merge.child) ?? 0, followed);
    if (next === undefined) this.#next.delete(merge.child);
    else this.#next.set(merge.child, next);
    return next === undefined;
  }

  /** Answers the block that is next, or undefined when all is copied. */
  #copy(
    { parent, child }: Files,
    from: number,
    followed: Followed,
  ): Promise<number | undefined> {
    return this.#files.mergeInto(parent, child, from, followed);
  }
}

/** A snapshot that is to go, and can. */
function nextTask(state: DeclaredState): Task | undefined {
  for (const disk of state.disks) {
    for (const snapshot of candidatesOf(disk)) {
      if (!snapshot.deleting || othersOver(state, disk, snapshot.path).length > 0) continue;
      const children = childrenOf(state, snapshot.path);
      if (children.length <= 1) return { disk, snapshot, child: children[0] };
    }
  }
  return undefined;
}

/**
 * What was begun to be merged has been written to, which only the note of it excuses to who opens
 * what lies above: nothing else of the disk is merged before.
 */
function candidatesOf(disk: DeclaredDisk): readonly DeclaredSnapshot[] {
  const { snapshots, merge } = chainOf(disk);
  const begun = snapshots.filter(({ path }) => path === merge?.parent);
  return begun.length > 0 ? begun : snapshots;
}
