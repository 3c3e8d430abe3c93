/** A service on real files, with disks that a test writes to as initiators' commands do. */
import assert from "node:assert/strict";
import type { BlockDevice } from "../../../../lib/block/device.ts";
import type { Control } from "../../../../lib/config/control.ts";
import { localDiskFiles } from "../../../../lib/config/local_disk_files.ts";
import { Service } from "../../../../lib/config/service.ts";
import { type Clock, systemClock } from "../../../../lib/runtime/clock.ts";
import { silentLogger } from "../../../../lib/runtime/logger.ts";
import { systemRandom } from "../../../../lib/runtime/random.ts";
import { DEFAULT_LIMITS } from "../../../../lib/target/limits.ts";
import { TargetNode } from "../../../../lib/target/node.ts";
import { createDynamicVhd } from "../../../../lib/vhd/create.ts";

export const SIZE = 8 << 20;

export class SnapshotWorld {
  readonly directory: string;
  #service: Service;
  #node: TargetNode;
  readonly #clock: Clock;

  private constructor(
    directory: string,
    service: Service,
    node: TargetNode,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.directory = directory;
    this.#service = service;
    this.#node = node;
  }

  static async start(directory: string, clock = systemClock): Promise<SnapshotWorld> {
    const { service, node } = await startService(directory, clock);
    return new SnapshotWorld(directory, service, node, clock);
  }

  get control(): Control {
    return this.#service.control;
  }

  get service(): Service {
    return this.#service;
  }

  path(name: string): string {
    return `${this.directory}/${name}`;
  }

  /** A disk of each kind of file, LUN of a target of its own name. */
  async disk(name: string, type: "fixed" | "dynamic" = "dynamic", size = SIZE): Promise<void> {
    const path = this.path(`${name}.vhd`);
    if (type === "fixed") await this.control.createDisk({ path, size, sparse: true });
    else {
      await createDynamicVhd(path, { size });
      await this.control.importDisk({ path });
    }
    await this.control.createTarget({ name, allow: ["any"] });
    await this.control.assignDisk(name, name);
  }

  device(target: string): BlockDevice {
    const { iqn } = [...this.#service.observation.running ? this.#targets(target) : []][0]!;
    return [...this.#node.targets.get(iqn)!.luns.entries()][0]![1].unit.device;
  }

  *#targets(name: string) {
    for (const target of this.#node.targets.values()) {
      if (target.name.endsWith(`:${name}`)) yield { iqn: target.name };
    }
  }

  /** Writes so many octets of that value. */
  async write(target: string, offset: number, value: number, length = 4096): Promise<void> {
    const octets = new Uint8Array(length).fill(value);
    await this.device(target).write(offset, octets, 0, length);
  }

  async reads(target: string, offset: number, value: number, length = 4096): Promise<void> {
    const octets = new Uint8Array(length).fill(~value);
    await this.device(target).read(offset, octets, 0, length);
    assert.deepEqual(octets, new Uint8Array(length).fill(value), `at ${offset}`);
  }

  /** Ends the service in order, and starts it anew. */
  async restart(): Promise<void> {
    await this.#service.stop();
    await this.startAgain();
  }

  /** Starts the service anew; the one before has been stopped. */
  async startAgain(): Promise<void> {
    const { service, node } = await startService(this.directory, this.#clock);
    this.#service = service;
    this.#node = node;
  }

  async stop(): Promise<void> {
    await this.#service.stop();
  }
}

async function startService(directory: string, clock: Clock) {
  const node = new TargetNode({
    limits: DEFAULT_LIMITS,
    clock,
    random: systemRandom,
    logger: silentLogger,
  });
  const state = `${directory}/state`;
  const service = await Service.start({ directory: state, node, files: localDiskFiles });
  return { service, node };
}

/** Runs the test in a directory of its own. */
export async function withSnapshots(
  test: (world: SnapshotWorld) => Promise<void>,
  clock?: Clock,
  place: Deno.MakeTempOptions = {},
): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir(place));
  const world = await SnapshotWorld.start(directory, clock);
  try {
    await test(world);
  } finally {
    await world.stop();
    await Deno.remove(directory, { recursive: true });
  }
}
