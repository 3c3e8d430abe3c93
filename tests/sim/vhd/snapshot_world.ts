/** A disk with snapshots, of which a workload is made, and what is found of it after a crash. */
import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control_error.ts";
import { extendDisk } from "../../../lib/config/disk_work.ts";
import { emptyState } from "../../../lib/config/schema.ts";
import { filesOfDisk } from "../../../lib/config/snapshots/child_path.ts";
import { chainOf } from "../../../lib/config/snapshots/find_snapshot.ts";
import { MergeWork } from "../../../lib/config/snapshots/merge_work.ts";
import { Snapshots } from "../../../lib/config/snapshots/snapshots.ts";
import { fixedFooter } from "../../../lib/vhd/fixed.ts";
import { emitFooter } from "../../../lib/vhd/footer.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { SimFiles, type SimState } from "../../support/sim_files.ts";
import { TestClock } from "../../support/test_clock.ts";
import { turns } from "../../support/turns.ts";
import {
  boot,
  GROWTH,
  imageOctets,
  MOST_SECTORS,
  readStamps,
  SECTOR,
  SIZE,
  stamped,
} from "./crash_disk.ts";
import type { Stamp } from "./crash_ledger.ts";
import { SimKeeper, STATE } from "./sim_keeper.ts";
import { SnapshotLedger } from "./snapshot_ledger.ts";

export type Base = "fixed" | "dynamic";

export type SnapshotOperation =
  | { readonly do: "write"; readonly at: number; readonly count: number }
  | { readonly do: "flush" | "snapshot" | "grow" | "kill" | "restart" }
  /** What follows is done beside it, after so many turns. */
  | { readonly do: "snapshot beside"; readonly turns: number }
  /** The oldest or newest that there is; beside: what is merged is merged while others go on. */
  | { readonly do: "delete" | "delete beside" | "roll back" | "discard"; readonly oldest: boolean };

const DISK = "/disks/d.vhd";
const NAME = "d";

/** A service with the disk, and what it must remember. */
export class SnapshotWorld {
  readonly files: SimFiles;
  readonly ledger: SnapshotLedger;
  readonly #clock = new TestClock();
  #keeper: SimKeeper;
  #snapshots: Snapshots;
  #stamp: Stamp;
  #taken: number;
  #beside: Promise<unknown> = Promise.resolve();

  private constructor(files: SimFiles, ledger: SnapshotLedger, keeper: SimKeeper) {
    this.files = files;
    this.ledger = ledger;
    this.#keeper = keeper;
    this.#snapshots = new Snapshots(keeper, this.#clock);
    // No two writes of a disk, whoever makes them, have one stamp.
    this.#stamp = ledger.lastStamp;
    this.#taken = ledger.names.length;
  }

  static async open(files: SimFiles, ledger: SnapshotLedger): Promise<SnapshotWorld> {
    const clock = new TestClock();
    return new SnapshotWorld(
      files,
      ledger,
      await SimKeeper.start({ files, clock, bootId: boot(1) }),
    );
  }

  async do(operation: SnapshotOperation): Promise<void> {
    if ("turns" in operation) {
      this.#beside = Promise.all([this.#beside, this.#take()]);
      return await turns(operation.turns);
    }
    if ("at" in operation) return await this.#write(operation.at, operation.count);
    if (operation.do === "flush") return await this.#flush();
    await this.#beside;
    if (operation.do === "snapshot") await this.#take();
    else if (operation.do === "grow") await this.#grow();
    else if ("oldest" in operation) {
      const name = operation.oldest ? this.ledger.names[0] : this.ledger.names.at(-1);
      if (name === undefined) return;
      if (operation.do.startsWith("delete")) await this.#delete(name, operation.do === "delete");
      else await this.#rollBack(name, operation.do === "discard");
    } else {
      if (operation.do === "kill") this.files.kill();
      else await this.#end();
      const { files } = this;
      this.#keeper = await SimKeeper.start({ files, clock: this.#clock, bootId: boot(1) });
      this.#snapshots = new Snapshots(this.#keeper, this.#clock);
      this.#snapshots.resume();
    }
  }

  async end(): Promise<void> {
    await this.#beside;
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#snapshots.stop();
    const ended = this.ledger.disk.beginFlush(this.#now);
    await this.#keeper.close();
    ended();
    assert.deepEqual(this.#keeper.failures, []);
  }

  readonly #now = () => this.files.operations.length;

  async #write(at: number, count: number): Promise<void> {
    const { device } = this.#keeper;
    const end = Math.min(at + count, device.size / SECTOR);
    if (end <= at) return;
    const octets = stamped(++this.#stamp, end - at);
    const offset = at * SECTOR;
    const ended = this.ledger.beginWrite(at, end, this.#stamp, this.#now);
    if (!device.writeNow(offset, octets, 0, octets.length)) {
      await device.write(offset, octets, 0, octets.length);
    }
    ended();
  }

  async #flush(): Promise<void> {
    const ended = this.ledger.disk.beginFlush(this.#now);
    await this.#keeper.device.flush();
    ended();
  }

  async #take(): Promise<void> {
    const name = `s${this.#taken++}`;
    const ended = this.ledger.beginSnapshot(name, this.#now);
    await this.#snapshots.create({ disks: [NAME], name });
    ended();
  }

  async #grow(): Promise<void> {
    const sectors = this.#keeper.device.size / SECTOR + GROWTH;
    if (sectors > MOST_SECTORS) return;
    const ended = this.ledger.disk.beginGrowth(sectors, this.#now);
    await extendDisk(this.#keeper, NAME, { to: sectors * SECTOR }, {});
    ended();
  }

  async #delete(name: string, wait: boolean): Promise<void> {
    const ended = this.ledger.beginDeletion(name, this.#now);
    try {
      await this.#snapshots.delete(name, { wait });
    } catch (error) {
      // Others began from it.
      if (!(error instanceof ControlError) || error.kind !== "in-use") throw error;
      return this.ledger.keep(name);
    }
    ended();
  }

  async #rollBack(name: string, discard: boolean): Promise<void> {
    const ended = this.ledger.beginRollBack(name, discard, this.#now);
    if (ended === undefined) return;
    this.#clock.advance(1000); // what is kept is named by the second: no name comes twice
    await this.#snapshots.rollBack(name, { discard });
    const kept = discard ? undefined : chainOf(this.#keeper.disk).snapshots.at(-1)!.name;
    ended(kept);
  }
}

/** The files of a service whose disk has been written to, has a snapshot, and was written to since. */
export async function newWorld(
  base: Base,
): Promise<{ files: SimFiles; ledger: () => SnapshotLedger }> {
  const files = new SimFiles({ times: true });
  files.put(DISK, base === "fixed" ? fixedOctets() : imageOctets(new Uint8Array(16).fill(1), {}));
  const state = emptyState("iqn.2026-01.org.example");
  const disk = {
    name: NAME,
    format: "vhd",
    path: DISK,
    uuid: "00000000-0000-4000-8000-000000000001",
    size: SIZE,
    logicalBlockLength: 512,
    physicalBlockLength: 4096,
    sparse: true,
    removable: false,
    shared: false,
    description: "",
    assignments: [],
  };
  files.put(STATE, new TextEncoder().encode(JSON.stringify({ ...state, disks: [disk] })));
  const stamps = Array<Stamp>(MOST_SECTORS).fill(0);
  const world = await SnapshotWorld.open(files, new SnapshotLedger(stamps, SIZE / SECTOR));
  await world.do({ do: "write", at: 0, count: 20 });
  await world.do({ do: "snapshot" });
  await world.do({ do: "write", at: 4, count: 8 });
  await world.end();
  const begun = world.ledger;
  return {
    files: SimFiles.of(files.snapshot(), { times: true }),
    ledger: () => begun.goOn(),
  };
}

function fixedOctets(): Uint8Array {
  const uuid = new Uint8Array(16).fill(1);
  const octets = new Uint8Array(SIZE + SECTOR);
  octets.set(emitFooter(fixedFooter(SIZE, { uuid, clock: new TestClock() })), SIZE);
  return octets;
}

/** What a service finds that starts after a crash. */
export interface Found {
  /** Of the disk, one for each sector. */
  readonly stamps: readonly Stamp[];
  /** Of the snapshots that are there to stay, by name. */
  readonly snapshots: ReadonlyMap<string, readonly Stamp[]>;
}

/**
 * Starts a service on what a crash has left, and looks: at once, when all is merged that was to be,
 * and when it is started again, it is the same; and no file is left that nothing names.
 */
export async function examineWorld(state: SimState, bootId: string): Promise<Found> {
  const files = SimFiles.of(state, { times: true });
  const clock = new TestClock();
  let keeper = await SimKeeper.start({ files, clock, bootId, running: false });
  const found = await lookAt(keeper);
  await keeper.close();
  keeper = await SimKeeper.start({ files, clock, bootId, running: false });
  await new MergeWork(keeper, () => clock.now()).run();
  assert.deepEqual(await lookAt(keeper), found, "merged, it holds something else");
  const named = new Set(filesOfDisk(keeper.disk));
  await keeper.close();
  const left = files.paths().filter((path) => path.startsWith("/disks/") && !named.has(path));
  assert.deepEqual(left.filter((path) => !path.endsWith(".partial")), [], "files are left");
  keeper = await SimKeeper.start({ files, clock, bootId, running: false });
  assert.deepEqual(await lookAt(keeper), found, "started again, it holds something else");
  await keeper.close();
  return found;
}

async function lookAt(keeper: SimKeeper): Promise<Found> {
  const stamps = await readStamps(keeper.device);
  const snapshots = new Map<string, readonly Stamp[]>();
  const { snapshots: declared, merge } = chainOf(keeper.disk);
  for (const { name, path, deleting } of declared) {
    if (deleting) continue;
    const options = { ...keeper.around, readOnly: true, force: merge !== undefined };
    const { device } = await openVhd(path, options);
    snapshots.set(name, await readStamps(device));
    await device.close();
  }
  return { stamps, snapshots };
}
