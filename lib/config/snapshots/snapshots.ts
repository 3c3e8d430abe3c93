/** The snapshots of whatever keeps the declared state. */
import type { Clock } from "../../runtime/clock.ts";
import { type CheckedFile, checkedFileOf } from "../checked_file.ts";
import type { CheckOptions } from "../control.ts";
import type { Changed, CheckedDisk, DiskFacts } from "../facts.ts";
import { diskFacts } from "../facts_of.ts";
import { findDisk } from "../operations/find.ts";
import { limitSnapshots } from "../operations/limit_snapshots.ts";
import type {
  AttachOptions,
  BackupFacts,
  DeleteSnapshotOptions,
  Followed,
  NewBackup,
  NewSnapshot,
  PruneOptions,
  RestoreOverOptions,
  RollBackOptions,
  SnapshotControl,
  SnapshotFacts,
  SnapshotLimitFacts,
} from "../snapshot_control.ts";
import type { DeclaredState } from "../schema.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { allSnapshots, findSnapshot, requireKept } from "./find_snapshot.ts";
import { settle } from "./settle.ts";
import { factsOfSnapshot, snapshotFacts } from "./snapshot_facts.ts";
import { spaceOfSnapshots } from "./space.ts";
import { SnapshotTurns } from "./turns.ts";

export class Snapshots implements SnapshotControl {
  readonly #keeper: StateKeeper;
  readonly #clock: Clock;
  readonly #turns: SnapshotTurns;

  constructor(keeper: StateKeeper, clock: Clock) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#turns = new SnapshotTurns(keeper, clock);
  }

  /** Puts in order what could not be when the service began. */
  settle(): Promise<void> {
    return this.#turn(() => Promise.resolve());
  }

  /** Goes on with what was being merged when the service ended. */
  resume(): void {
    this.#turns.goOn();
  }

  /** Lets go of the files; what is being merged is gone on with another time. */
  stop(): Promise<void> {
    return this.#turns.stop();
  }

  async create(snapshot: NewSnapshot): Promise<Changed<readonly SnapshotFacts[]>> {
    const { createSnapshots } = await import("./create_snapshots.ts");
    const { names, outcome } = await this.#turn(() =>
      createSnapshots(this.#keeper, snapshot, this.#clock.now())
    );
    return { facts: await this.#factsOf(outcome.state, names), notices: outcome.notices };
  }

  async list(disk?: string): Promise<readonly SnapshotFacts[]> {
    const state = await this.#keeper.state();
    if (disk !== undefined) findDisk(state, disk);
    const found = allSnapshots(state).filter((each) =>
      disk === undefined || each.disk.name === disk
    );
    return await Promise.all(found.map((each) => factsOfSnapshot(state, each)));
  }

  async show(name: string): Promise<SnapshotFacts> {
    return await snapshotFacts(await this.#keeper.state(), name);
  }

  async delete(
    name: string,
    { wait }: DeleteSnapshotOptions = {},
    followed: Followed = {},
  ): Promise<Changed<SnapshotFacts>> {
    const { deleteSnapshot } = await import("./delete_snapshot.ts");
    const { state } = await this.#turn(() =>
      this.#keeper.change((state) => deleteSnapshot(state, name))
    );
    const facts = await snapshotFacts(state, name);
    // Where no service runs, nobody else would do it.
    if (wait || !this.#keeper.observation.running) await this.#turns.finish(followed);
    return { facts, notices: [] };
  }

  async prune(
    disk: string,
    { dryRun, ...rules }: PruneOptions,
  ): Promise<Changed<readonly SnapshotFacts[]>> {
    const { pruneSnapshots } = await import("./prune_snapshots.ts");
    const { checkKeep, checkTimeZone } = await import("../schedules/check_schedule.ts");
    checkKeep(rules.keep);
    checkTimeZone(rules.timeZone);
    if (dryRun) {
      const state = await this.#keeper.state();
      const { names, outcome } = pruneSnapshots(state, disk, rules);
      return { facts: await this.#factsOf(state, names), notices: outcome.notices };
    }
    let names: readonly string[] = [];
    const { state, notices } = await this.#turn(() =>
      this.#keeper.change((state) => {
        const pruned = pruneSnapshots(state, disk, rules);
        names = pruned.names;
        return pruned.outcome;
      })
    );
    const facts = await this.#factsOf(state, names);
    if (!this.#keeper.observation.running) await this.#turns.finish();
    return { facts, notices };
  }

  async rollBack(name: string, options: RollBackOptions = {}): Promise<Changed<DiskFacts>> {
    const { rollBack } = await import("./roll_back.ts");
    const { disk, outcome } = await this.#turn(() =>
      rollBack(this.#keeper, name, options, this.#clock.now())
    );
    if (options.discard && !this.#keeper.observation.running) await this.#turns.finish();
    const { state, notices } = outcome;
    return { facts: diskFacts(state, disk, this.#keeper.observation), notices };
  }

  async export(
    name: string,
    path: string,
    followed: Followed = {},
  ): Promise<Changed<SnapshotFacts>> {
    const { exportSnapshot } = await import("./export_snapshot.ts");
    const state = await this.#keeper.state();
    const found = findSnapshot(state, name);
    requireKept(found);
    await this.#turns.holdingOff(() => exportSnapshot(found.snapshot, path, followed));
    return { facts: await factsOfSnapshot(state, found), notices: [] };
  }

  async attach(name: string, options: AttachOptions): Promise<Changed<DiskFacts>> {
    const { attachSnapshot } = await import("./attach_snapshot.ts");
    const { disk, outcome } = await this.#turn(() => attachSnapshot(this.#keeper, name, options));
    const { state, notices } = outcome;
    return { facts: diskFacts(state, disk, this.#keeper.observation), notices };
  }

  async detach(name: string, force?: boolean): Promise<Changed<SnapshotFacts>> {
    const { detachSnapshot } = await import("./attach_snapshot.ts");
    const { state, notices } = await this.#turn(() =>
      detachSnapshot(this.#keeper, name, force ?? false)
    );
    return { facts: await snapshotFacts(state, name), notices };
  }

  async check(
    name: string,
    options: CheckOptions = {},
    followed: Followed = {},
  ): Promise<Changed<CheckedDisk>> {
    return await this.#check(
      (state) => {
        const { disk, snapshot: { path, parent } } = findSnapshot(state, name);
        return { name: `snapshot ${name}`, disk, path, parent };
      },
      options,
      followed,
    );
  }

  /** Of a disk, which may have snapshots, and others that lie on its files. */
  async checkDisk(
    name: string,
    options: CheckOptions,
    followed: Followed,
  ): Promise<Changed<CheckedDisk>> {
    return await this.#check((state) => checkedFileOf(findDisk(state, name)), options, followed);
  }

  async #check(
    find: (state: DeclaredState) => CheckedFile,
    { repair = false, parent }: CheckOptions,
    { onProgress, signal }: Followed,
  ): Promise<Changed<CheckedDisk>> {
    find(await this.#keeper.state());
    const { checkDeclared } = await import("../check_declared.ts");
    const given = { repair, parent, onProgress, signal };
    return await this.#turns.holdingOff(() => checkDeclared(this.#keeper, find, given));
  }

  async backUp(
    disk: string,
    backup: NewBackup,
    followed: Followed = {},
  ): Promise<Changed<BackupFacts>> {
    const { backUp } = await import("../backups/back_up.ts");
    const around = { keeper: this.#keeper, snapshots: this, now: () => this.#clock.now() };
    // What is merged is written to, and cannot be read from the side.
    return await this.#turns.holdingOff(() => backUp(around, disk, backup, followed));
  }

  async restoreOver(
    disk: string,
    options: RestoreOverOptions,
    followed: Followed = {},
  ): Promise<Changed<DiskFacts>> {
    const { restoreOver } = await import("../backups/restore_over.ts");
    const around = {
      keeper: this.#keeper,
      now: () => this.#clock.now(),
      turn: <T>(action: () => Promise<T>) => this.#turn(action),
    };
    const { state, notices } = await restoreOver(around, disk, options, followed);
    if (options.discard && !this.#keeper.observation.running) await this.#turns.finish();
    return { facts: diskFacts(state, disk, this.#keeper.observation), notices };
  }

  async limit(disk: string, limit?: number | null): Promise<Changed<SnapshotLimitFacts>> {
    if (limit !== undefined) {
      await this.#keeper.change((state) => limitSnapshots(state, disk, limit));
    }
    const state = await this.#keeper.state();
    const found = findDisk(state, disk);
    const space = await spaceOfSnapshots(state, found);
    return { facts: { disk, limit: found.snapshotSpace ?? null, space }, notices: [] };
  }

  async #factsOf(state: DeclaredState, names: readonly string[]): Promise<SnapshotFacts[]> {
    return await Promise.all(names.map((name) => snapshotFacts(state, name)));
  }

  /** Nothing is merged meanwhile, and what a crash has left is in order. */
  #turn<T>(action: () => Promise<T>): Promise<T> {
    return this.#turns.alone(async () => {
      await settle(this.#keeper);
      return await action();
    });
  }
}
