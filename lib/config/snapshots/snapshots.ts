/** The snapshots of whatever keeps the declared state. */
import type { Clock } from "../../runtime/clock.ts";
import type { Changed, DiskFacts } from "../facts.ts";
import { diskFacts } from "../facts_of.ts";
import { findDisk } from "../operations/find.ts";
import type {
  AttachOptions,
  BackupFacts,
  DeleteSnapshotOptions,
  Followed,
  NewBackup,
  NewSnapshot,
  RollBackOptions,
  SnapshotControl,
  SnapshotFacts,
  SnapshotLimitFacts,
} from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { allSnapshots, chainOf, findSnapshot, requireKept, withChain } from "./find_snapshot.ts";
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
    const facts = await Promise.all(names.map((name) => snapshotFacts(outcome.state, name)));
    return { facts, notices: outcome.notices };
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

  async backUp(
    disk: string,
    backup: NewBackup,
    followed: Followed = {},
  ): Promise<Changed<BackupFacts>> {
    const { backUpDisk } = await import("../backups/backup_disk.ts");
    const found = findDisk(await this.#keeper.state(), disk);
    // What is merged is written to, and cannot be read from the side.
    const facts = await this.#turns.holdingOff(() => backUpDisk(this, found, backup, followed));
    return { facts, notices: [] };
  }

  async limit(disk: string, limit?: number | null): Promise<Changed<SnapshotLimitFacts>> {
    if (limit !== undefined) {
      await this.#keeper.change((state) => {
        const { uuid } = findDisk(state, disk);
        const changed = withChain(
          state,
          uuid,
          ({ limit: _, ...chain }) => limit === null ? chain : { ...chain, limit },
        );
        return { state: changed, notices: [] };
      });
    }
    const state = await this.#keeper.state();
    const found = findDisk(state, disk);
    const space = await spaceOfSnapshots(state, found);
    return { facts: { disk, limit: chainOf(found).limit ?? null, space }, notices: [] };
  }

  /** Nothing is merged meanwhile, and what a crash has left is in order. */
  #turn<T>(action: () => Promise<T>): Promise<T> {
    return this.#turns.alone(async () => {
      await settle(this.#keeper);
      return await action();
    });
  }
}
