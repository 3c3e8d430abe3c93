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
    if (!isActive && !await this.#copy(merge, followed)) return;
    await this.#keeper.exchange([disk.uuid], {
      run: async (state, save) => {
        if (isActive && !await this.#copy(merge, followed)) {
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

  /** Answers whether all is copied. */
  async #copy(
    { parent, child }: { readonly parent: string; readonly child: string },
    followed: Followed,
  ): Promise<boolean> {
    const next = await this.#files.mergeInto(
      parent,
      child,
      this.#next.get(child) ?? 0,
      followed,
    );
    if (next === undefined) this.#next.delete(child);
    else this.#next.set(child, next);
    return next === undefined;
  }
}

/** A snapshot that is to go, and can. */
function nextTask(state: DeclaredState): Task | undefined {
  for (const disk of state.disks) {
    for (const snapshot of chainOf(disk).snapshots) {
      if (!snapshot.deleting || othersOver(state, disk, snapshot.path).length > 0) continue;
      const children = childrenOf(state, snapshot.path);
      if (children.length <= 1) return { disk, snapshot, child: children[0] };
    }
  }
  return undefined;
}
