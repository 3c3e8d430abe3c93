/** A service with disks on real files, and what each disk, snapshot, clone and backup must hold. */
import assert from "node:assert/strict";
import {
  listBackups,
  restoreBackup,
  verifyKept,
} from "../../../lib/config/backups/kept_backups.ts";
import { ControlError, type SnapshotFacts } from "../../../lib/config/control.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import type { SnapshotWorld } from "../../unit/config/snapshots/snapshot_fixture.ts";
import type { Tally } from "../management/tally.ts";
import { DISKS, PLACES, type Step } from "./story.ts";

const LENGTH = 4096;
const SIZE = 6 << 20;
/** A disk grows once, and what it has got reads as zeros. */
const MORE = 2 << 20;

/** The value at each of the places; 0 where nothing was written. */
type Content = ReadonlyMap<number, number>;

interface ModelSnapshot {
  readonly disk: string;
  readonly content: Content;
}

export class Ground {
  readonly #world: SnapshotWorld;
  readonly #tally: Tally;
  readonly #disks = new Map<string, Map<number, number>>();
  readonly #snapshots = new Map<string, ModelSnapshot>();
  /** By disk and id. */
  readonly #backups = new Map<string, Content>();
  /** Disks that show a snapshot or are clones of one, which the test may take away. */
  readonly #attached = new Map<string, { readonly snapshot: string; content: Content }>();
  readonly #grown = new Set<string>();
  #number = 0;

  private constructor(world: SnapshotWorld, tally: Tally) {
    this.#world = world;
    this.#tally = tally;
  }

  static async prepare(world: SnapshotWorld, tally: Tally): Promise<Ground> {
    const ground = new Ground(world, tally);
    for (const [at, name] of DISKS.entries()) {
      await world.disk(name, at === 0 ? "dynamic" : "fixed", SIZE);
      ground.#disks.set(name, new Map());
    }
    return ground;
  }

  async run(step: Step): Promise<void> {
    const outcome = await this.#outcome(step);
    this.#tally.add("steps");
    this.#tally.add(`${step.verb} ${outcome}`);
  }

  /** That every disk holds what it must, whatever is merged meanwhile. */
  async check(): Promise<void> {
    for (const [name, content] of this.#disks) await this.#holds(name, content);
    for (const [name, { content }] of this.#attached) await this.#holds(name, content);
  }

  /** That every snapshot does. */
  async checkSnapshots(): Promise<void> {
    for (const [name, { content }] of this.#snapshots) {
      const path = `${this.#world.directory}/x${this.#number++}.vhd`;
      await this.#world.control.snapshots.export(name, path);
      await holds(path, content, `snapshot ${name}`);
      await Deno.remove(path);
    }
  }

  /** That every backup is sound and restores, and that nothing is left over once all is deleted. */
  async conclude(): Promise<void> {
    const { control } = this.#world;
    await this.#checkBackups();
    for (const name of this.#attached.keys()) {
      const { snapshot } = this.#attached.get(name)!;
      await control.snapshots.detach(snapshot, true).catch(ignoreRefusal);
    }
    this.#attached.clear();
    for (let before = -1, left = await this.#ready(); left.length !== before;) {
      before = left.length;
      for (const { name } of left) {
        await control.snapshots.delete(name, { wait: true }).catch(ignoreRefusal);
      }
      left = await this.#ready();
    }
    // Waiting for one is waiting for all.
    await control.snapshots.create({ disks: [DISKS[0]], name: "last" });
    await control.snapshots.delete("last", { wait: true });
    assert.deepEqual(await control.snapshots.list(), [], "snapshots that are left");
    await this.#world.restart();
    for (const [name, content] of this.#disks) await this.#holds(name, content);
    const files = await Array.fromAsync(Deno.readDir(this.#world.directory), ({ name }) => name);
    const vhds = files.filter((name) => name.endsWith(".vhd"));
    assert.equal(vhds.length, DISKS.length, vhds.join(" "));
  }

  async #outcome(step: Step): Promise<string> {
    try {
      return await this.#do(step);
    } catch (error) {
      // The model does not know what is refused; a refusal changes nothing, which is checked.
      if (error instanceof ControlError && error.kind !== "failed") return error.kind;
      throw error;
    }
  }

  async #do(step: Step): Promise<string> {
    switch (step.verb) {
      case "write":
        await this.#world.write(step.disk, step.at, step.value, LENGTH);
        this.#disks.get(step.disk)!.set(step.at, step.value);
        return "done";
      case "create":
        return await this.#create(step.disks, step.group);
      case "delete":
        return await this.#delete(step.which, step.wait);
      case "rollBack":
        return await this.#rollBack(step.which, step.discard);
      case "attach":
        return await this.#attach(step.which, step.writable);
      case "detach":
        return await this.#detach(step.which);
      case "backUp":
        return await this.#backUp(step.disk, step.keep);
      case "restoreOver":
        return await this.#restoreOver(step.which, step.discard);
      case "prune":
        return await this.#prune(step.disk, step.keep);
      case "extend":
        return await this.#extend(step.disk);
      case "restart":
        await this.#world.restart();
        return "done";
    }
  }

  async #create(disks: readonly string[], group: boolean): Promise<string> {
    const { facts } = await this.#world.control.snapshots.create({ disks, group });
    for (const { name, disk } of facts) this.#note(name, disk);
    return "done";
  }

  #note(name: string, disk: string): void {
    this.#snapshots.set(name, { disk, content: new Map(this.#disks.get(disk)!) });
  }

  async #delete(which: number, wait: boolean): Promise<string> {
    const name = this.#pick(which);
    if (name === undefined) return "skipped";
    await this.#world.control.snapshots.delete(name, { wait });
    this.#snapshots.delete(name);
    return "done";
  }

  async #rollBack(which: number, discard: boolean): Promise<string> {
    const name = this.#pick(which);
    if (name === undefined) return "skipped";
    const { disk, content } = this.#snapshots.get(name)!;
    await this.#world.control.snapshots.rollBack(name, { discard });
    await this.#keepPresent(disk, discard);
    this.#disks.set(disk, new Map(content));
    return "done";
  }

  /** What the disk held is a snapshot that was not there before. */
  async #keepPresent(disk: string, discard: boolean): Promise<void> {
    if (discard) return;
    const known = new Set(this.#snapshots.keys());
    const fresh = (await this.#ready()).filter((each) =>
      each.disk === disk && each.backup === null && !known.has(each.name)
    );
    assert.equal(fresh.length, 1, "the present is kept once");
    this.#note(fresh[0]!.name, disk);
  }

  async #attach(which: number, writable: boolean): Promise<string> {
    const name = this.#pick(which);
    if (name === undefined) return "skipped";
    const { control } = this.#world;
    const disk = `c${this.#number++}`;
    await control.createTarget({ name: disk, allow: ["any"] });
    await control.snapshots.attach(name, { target: disk, name: disk, writable });
    const content = new Map(this.#snapshots.get(name)!.content);
    if (writable) {
      await this.#world.write(disk, PLACES[1], 77, LENGTH);
      content.set(PLACES[1], 77);
    }
    this.#attached.set(disk, { snapshot: name, content });
    return "done";
  }

  async #detach(which: number): Promise<string> {
    const name = this.#pick(which);
    if (name === undefined) return "skipped";
    await this.#world.control.snapshots.detach(name);
    for (const [disk, { snapshot }] of this.#attached) {
      if (snapshot === name) this.#attached.delete(disk);
    }
    return "done";
  }

  async #backUp(disk: string, keep: number | undefined): Promise<string> {
    const directory = this.#world.path("backups");
    const rules = keep === undefined ? {} : { keep: { last: keep } };
    const { snapshots } = this.#world.control;
    const { facts } = await snapshots.backUp(disk, { directory, ...rules });
    this.#backups.set(`${disk} ${facts.id}`, new Map(this.#disks.get(disk)!));
    if (keep !== undefined) {
      const left = await listBackups(directory, disk);
      assert.ok(left.length <= keep, `${left.length} backups are left`);
    }
    return facts.kind;
  }

  async #restoreOver(which: number, discard: boolean): Promise<string> {
    const directory = this.#world.path("backups");
    const all = (await listBackups(directory).catch(ignoreRefusal)) ?? [];
    const backup = all[which % Math.max(1, all.length)];
    if (backup === undefined) return "skipped";
    const { disk, id } = backup;
    const asked = { directory, of: disk, backup: id, discard };
    await this.#world.control.snapshots.restoreOver(disk, asked);
    await this.#keepPresent(disk, discard);
    this.#disks.set(disk, new Map(this.#backups.get(`${disk} ${id}`)!));
    return "done";
  }

  async #prune(disk: string, keep: number): Promise<string> {
    const rules = { keep: { last: keep } };
    const { facts } = await this.#world.control.snapshots.prune(disk, rules);
    for (const { name } of facts) this.#snapshots.delete(name);
    return facts.length === 0 ? "nothing" : "done";
  }

  async #extend(disk: string): Promise<string> {
    if (this.#grown.has(disk)) return "skipped";
    await this.#world.control.extendDisk(disk, { by: MORE });
    this.#grown.add(disk);
    return "done";
  }

  #pick(which: number): string | undefined {
    const names = [...this.#snapshots.keys()];
    return names[which % Math.max(1, names.length)];
  }

  async #ready(): Promise<SnapshotFacts[]> {
    const all = await this.#world.control.snapshots.list();
    return all.filter(({ state }) => state === "ready");
  }

  async #holds(disk: string, content: Content): Promise<void> {
    for (const at of PLACES) await this.#world.reads(disk, at, content.get(at) ?? 0, LENGTH);
    if (this.#grown.has(disk)) await this.#world.reads(disk, SIZE, 0, LENGTH);
  }

  async #checkBackups(): Promise<void> {
    const directory = this.#world.path("backups");
    for (const { disk, id } of (await listBackups(directory).catch(ignoreRefusal)) ?? []) {
      const path = this.#world.path("restored.vhd");
      await restoreBackup(directory, path, { disk, backup: id });
      await holds(path, this.#backups.get(`${disk} ${id}`)!, `backup ${id} of ${disk}`);
      await Deno.remove(path);
      this.#tally.add("backups restored");
    }
    for (
      const { flaws } of (await verifyKept(directory, undefined, {}).catch(ignoreRefusal)) ?? []
    ) {
      assert.deepEqual(flaws, []);
    }
  }
}

async function holds(path: string, content: Content, what: string): Promise<void> {
  const { device } = await openVhd(path, { readOnly: true });
  try {
    for (const at of PLACES) {
      const octets = new Uint8Array(LENGTH);
      await device.read(at, octets, 0, LENGTH);
      assert.deepEqual(
        octets,
        new Uint8Array(LENGTH).fill(content.get(at) ?? 0),
        `${what} at ${at}`,
      );
    }
  } finally {
    await device.close();
  }
}

function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof ControlError)) throw error;
  return undefined;
}
