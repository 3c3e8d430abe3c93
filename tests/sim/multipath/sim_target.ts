/** A target of ours that a link leads to, whose disk takes its time. */
import { type BlockDevice, DeviceError, type Extent } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import type { ByteStream } from "../../../lib/runtime/byte_stream.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import { locallyAssignedName } from "../../../lib/scsi/vpd/device_identification.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import { DEFAULT_LIMITS } from "../../../lib/target/limits.ts";
import { LunMap } from "../../../lib/target/lun_map.ts";
import { TargetNode } from "../../../lib/target/node.ts";
import { TargetServer } from "../../../lib/target/server.ts";
import { Target } from "../../../lib/target/target.ts";
import type { Chance } from "../../support/chance.ts";
import { TARGET_NAME } from "../../support/test_target.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export interface SimTargetOptions {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly blockCount: number;
}

export const BLOCK_LENGTH = 512;

export class SimTarget {
  readonly #options: SimTargetOptions;
  readonly disk: MemoryDevice;
  /** Another disk, which may be given the number of the first by mistake. */
  readonly foreign: MemoryDevice;
  foreignWrites = 0;
  readonly #streams = new Set<ByteStream>();
  #devices: readonly SlowDevice[] = [];
  #luns = new LunMap();
  #server: TargetServer;

  constructor(options: SimTargetOptions) {
    this.#options = options;
    this.disk = new MemoryDevice(options.blockCount * BLOCK_LENGTH);
    this.foreign = new MemoryDevice(options.blockCount * BLOCK_LENGTH);
    this.#server = this.#start(0);
  }

  /** Of the first disk. */
  get identity(): string {
    return `naa.${locallyAssignedName(uuidOf(0)).toHex()}`;
  }

  #start(offered: 0 | 1): TargetServer {
    const { clock, chance } = this.#options;
    this.#luns = new LunMap();
    this.#devices = [this.disk, this.foreign].map((disk) => new SlowDevice(disk, this.#options));
    const unit = new LogicalUnit({
      device: this.#devices[offered]!,
      identity: { uuid: uuidOf(offered), ...PRODUCT },
      clock,
    });
    this.#luns.set(0, { unit, readOnly: false });
    const node = new TargetNode({
      limits: DEFAULT_LIMITS,
      ...{ clock, random: chance, logger: silentLogger },
    });
    node.addTarget(
      new Target({ name: TARGET_NAME, access: AccessList.of(["any"]), luns: this.#luns }),
    );
    return new TargetServer(node);
  }

  answer(stream: ByteStream, host: string, portalGroupTag: number): void {
    this.#streams.add(stream);
    this.#server.run(stream, {
      localAddress: host,
      localPort: 3260,
      remoteAddress: "192.0.2.101",
      remotePort: 40_000,
      portalGroupTag,
    }).finally(() => this.#streams.delete(stream));
  }

  /**
   * All sessions end at once, with whatever they were doing, and it is there again; LUN 0 is the
   * one disk or the other.
   */
  async restart(offered: 0 | 1): Promise<void> {
    const old = this.#server;
    for (const stream of this.#streams) stream.close();
    for (const device of this.#devices) device.isDead = true;
    this.foreignWrites += this.#devices[1]!.writes;
    this.#server = this.#start(offered);
    await old.close({ drainMs: 0 });
  }

  close(): Promise<void> {
    return this.#server.close({ drainMs: 0 });
  }
}

function uuidOf(disk: 0 | 1): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => i + disk);
}

const PRODUCT = { vendor: "sanctl", product: "sim", revision: "1" } as const;

/** Nothing is done at once, and a write in two steps. */
class SlowDevice implements BlockDevice {
  readonly can = { write: true, unmap: true } as const;
  writes = 0;
  /** The process that used it is gone. */
  isDead = false;
  readonly #memory: MemoryDevice;
  readonly #options: SimTargetOptions;

  constructor(memory: MemoryDevice, options: SimTargetOptions) {
    this.#memory = memory;
    this.#options = options;
  }

  get size(): number {
    return this.#memory.size;
  }

  readNow(): boolean {
    return false;
  }

  writeNow(): boolean {
    return false;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#pause();
    await this.#memory.read(offset, into, at, length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.writes++;
    await this.#pause();
    const half = this.#options.chance.below(length / BLOCK_LENGTH + 1) * BLOCK_LENGTH;
    await this.#memory.write(offset, from, at, half);
    await this.#pause();
    await this.#memory.write(offset + half, from, at + half, length - half);
  }

  flush(): Promise<void> {
    return this.#pause();
  }

  async unmap(offset: number, length: number): Promise<void> {
    await this.#pause();
    await this.#memory.unmap(offset, length);
  }

  extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return this.#memory.extents(offset, length, limit);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #pause(): Promise<void> {
    const { clock, chance } = this.#options;
    await clock.pause(chance.in100(3) ? chance.below(3000) : chance.below(10));
    if (this.isDead) throw new DeviceError("gone", "the process is gone");
  }
}
