import assert from "node:assert/strict";
import type { Outcome } from "../../../../lib/config/operations/outcome.ts";
import { localDiskFiles } from "../../../../lib/config/local_disk_files.ts";
import { OfflineKeeper } from "../../../../lib/config/offline.ts";
import { deleteSnapshot } from "../../../../lib/config/snapshots/delete_snapshot.ts";
import { MergeWork } from "../../../../lib/config/snapshots/merge_work.ts";
import { StateControl } from "../../../../lib/config/state_control.ts";
import type { FileExchange } from "../../../../lib/config/state_keeper.ts";
import { createDynamicVhd } from "../../../../lib/vhd/create.ts";

const MIB = 1 << 20;
const SIZE = 16 * MIB;

/** As where a service opens the disk again after each exchange of its files. */
class OpeningKeeper extends OfflineKeeper {
  override async exchange(uuids: readonly string[], exchange: FileExchange): Promise<Outcome> {
    const outcome = await super.exchange(uuids, exchange);
    await (await localDiskFiles.open(outcome.state.disks[0]!)).close();
    return outcome;
  }
}

/** A disk d that no service runs, and merging that a test lets go on as far as it wants. */
class Bench {
  readonly control: StateControl;
  readonly work: MergeWork;
  readonly #keeper: OpeningKeeper;

  constructor(readonly directory: string) {
    this.#keeper = new OpeningKeeper(`${directory}/state`, localDiskFiles);
    this.control = new StateControl(this.#keeper);
    this.work = new MergeWork(this.#keeper, () => new Date());
  }

  /** So many octets of that value. */
  async write(offset: number, value: number, length: number): Promise<void> {
    const device = await this.#open();
    await device.write(offset, new Uint8Array(length).fill(value), 0, length);
    await device.flush();
    await device.close();
  }

  async reads(offset: number, value: number, length = 4096, disk = "d"): Promise<void> {
    const device = await this.#open(disk);
    const octets = new Uint8Array(length);
    await device.read(offset, octets, 0, length);
    await device.close();
    assert.deepEqual(octets, new Uint8Array(length).fill(value), `at ${offset}`);
  }

  async delete(name: string): Promise<void> {
    await this.#keeper.change((state) => deleteSnapshot(state, name));
  }

  /** Merges until the first block is copied, as one is interrupted by a command. */
  async mergeABit(): Promise<void> {
    const abort = new AbortController();
    const interrupted = new Error("interrupted");
    try {
      await this.work.run({ signal: abort.signal, onProgress: () => abort.abort(interrupted) });
    } catch (error) {
      assert.equal(error, interrupted);
    }
    assert.ok(abort.signal.aborted, "it was under way");
  }

  async #open(name = "d") {
    const { disks } = await this.#keeper.state();
    return await localDiskFiles.open(disks.find((each) => each.name === name)!);
  }
}

async function withBench(test: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    const bench = new Bench(directory);
    await createDynamicVhd(`${directory}/d.vhd`, { size: SIZE });
    await bench.control.importDisk({ path: `${directory}/d.vhd` });
    await test(bench);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("what is written after a merge was interrupted is not lost when it goes on", () =>
  withBench(async (bench) => {
    await bench.write(0, 1, 8 * MIB);
    await bench.control.snapshots.create({ disks: ["d"], name: "one" });
    await bench.write(0, 2, 8 * MIB);
    await bench.delete("one");
    await bench.mergeABit();
    await bench.write(0, 3, 4096);
    await bench.work.run();
    assert.deepEqual(await bench.control.snapshots.list(), []);
    await bench.reads(0, 3);
    await bench.reads(4096, 2, 8 * MIB - 4096);
  }));

Deno.test("a merge that was interrupted is ended before another one of the disk begins", () =>
  withBench(async (bench) => {
    for (const [at, name] of ["one", "two", "three"].entries()) {
      await bench.write(0, at + 1, 8 * MIB);
      await bench.control.snapshots.create({ disks: ["d"], name });
    }
    await bench.write(0, 4, 4096);
    await bench.delete("two");
    await bench.mergeABit();
    await bench.delete("one");
    // However often: the disk can be opened, and holds what it held.
    for (let time = 0; time < 3; time++) {
      await bench.mergeABit();
      await bench.reads(0, 4);
      await bench.reads(4096, 3);
    }
    await bench.work.run();
    assert.deepEqual((await bench.control.snapshots.list()).map(({ name }) => name), ["three"]);
    await bench.reads(0, 4);
    await bench.reads(4096, 3, 8 * MIB - 4096);
    await bench.control.snapshots.rollBack("three");
    await bench.reads(0, 3, 8 * MIB);
  }));

Deno.test("a snapshot is attached while what lies under it is being merged", () =>
  withBench(async (bench) => {
    for (const [at, name] of ["one", "two", "three"].entries()) {
      await bench.write(0, at + 1, 8 * MIB);
      await bench.control.snapshots.create({ disks: ["d"], name });
    }
    await bench.write(0, 4, 8 * MIB);
    await bench.delete("one");
    await bench.mergeABit();
    const { snapshots } = bench.control;
    await bench.control.createTarget({ name: "t", allow: ["any"] });
    await bench.control.createTarget({ name: "u", allow: ["any"] });
    await snapshots.attach("three", { target: "t", name: "look" });
    await snapshots.attach("three", { target: "u", name: "clone", writable: true });
    for (const disk of ["look", "clone"]) await bench.reads(0, 3, 8 * MIB, disk);
    await bench.reads(0, 4, 8 * MIB);
    // It waits until nobody needs what is being merged, and then goes on.
    await bench.work.run();
    for (const disk of ["look", "clone"]) await bench.reads(0, 3, 8 * MIB, disk);
    assert.equal((await snapshots.list()).length, 3);
    await snapshots.detach("three");
    await bench.work.run();
    assert.deepEqual((await snapshots.list()).map(({ name }) => name), ["two", "three"]);
    await bench.reads(0, 4, 8 * MIB);
  }));
