/**
 * Runs CDBs against a logical unit as a transport would, without one: steps are followed to the
 * end, data is moved as SEND, READ, WRITE and COLLECT ask.
 */
import {
  type BlockDevice,
  type Capabilities,
  DeviceError,
  type Extent,
} from "../../lib/block/device.ts";
import { begin, fail, finish, type Luns } from "../../lib/scsi/device_server.ts";
import { LogicalUnit, type LogicalUnitOptions } from "../../lib/scsi/logical_unit.ts";
import type { Nexus } from "../../lib/scsi/nexus.ts";
import type { Sense } from "../../lib/scsi/sense.ts";
import { Step, Task } from "../../lib/scsi/task.ts";
import { HurriedClock } from "./test_clock.ts";

/** Octets of one page of a {@link TestDevice}: what is mapped as a whole. */
const PAGE_LENGTH = 4096;

export interface TestDeviceOptions {
  readonly size?: number;
  readonly write?: boolean;
  /** The device is thin. */
  readonly unmap?: boolean;
  /** True: `readNow` and `writeNow` always decline. */
  readonly slow?: boolean;
}

/** A device in memory that can be slow, fail, and be watched. */
export class TestDevice implements BlockDevice {
  size: number;
  readonly can: Capabilities;
  slow: boolean;
  /** Thrown by the next operations on the medium while it is set. */
  failure: DeviceError | undefined;
  flushes = 0;
  /** The operations done, as `write 512+1024`. */
  readonly log: string[] = [];
  readonly #pages = new Map<number, Uint8Array>();

  constructor(options: TestDeviceOptions = {}) {
    this.size = options.size ?? 1 << 20;
    this.can = { write: options.write ?? true, unmap: options.unmap ?? true };
    this.slow = options.slow ?? false;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    if (this.slow) return false;
    this.#touch("read", offset, length);
    this.#each(offset, length, (page, from, count, done) => {
      const octets = this.#pages.get(page)?.subarray(from, from + count);
      if (octets === undefined) into.fill(0, at + done, at + done + count);
      else into.set(octets, at + done);
    });
    return true;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    if (this.slow) return false;
    if (!this.can.write) throw new DeviceError("read-only", "the test device is read-only");
    this.#touch("write", offset, length);
    this.#each(offset, length, (page, start, count, done) => {
      const octets = this.#pages.get(page) ?? new Uint8Array(PAGE_LENGTH);
      octets.set(from.subarray(at + done, at + done + count), start);
      this.#pages.set(page, octets);
    });
    return true;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#quickly(() => this.readNow(offset, into, at, length));
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await this.#quickly(() => this.writeNow(offset, from, at, length));
  }

  async flush(): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    this.log.push("flush");
    this.flushes++;
  }

  async unmap(offset: number, length: number): Promise<void> {
    await Promise.resolve();
    this.#touch("unmap", offset, length);
    this.#each(offset, length, (page, from, count) => {
      if (count === PAGE_LENGTH) this.#pages.delete(page);
      else this.#pages.get(page)?.fill(0, from, from + count);
    });
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    await Promise.resolve();
    const runs: { offset: number; length: number; mapped: boolean }[] = [];
    this.#each(offset, length, (page, from, count) => {
      const mapped = this.#pages.has(page);
      const last = runs.at(-1);
      if (last?.mapped === mapped) last.length += count;
      else runs.push({ offset: page * PAGE_LENGTH + from, length: count, mapped });
    });
    return runs.slice(0, limit);
  }

  close(): Promise<void> {
    this.log.push("close");
    return Promise.resolve();
  }

  /** The octets at `offset`, for a test to look at. */
  peek(offset: number, length: number): Uint8Array {
    const octets = new Uint8Array(length);
    this.#each(offset, length, (page, from, count, done) => {
      const kept = this.#pages.get(page)?.subarray(from, from + count);
      if (kept !== undefined) octets.set(kept, done);
    });
    return octets;
  }

  /** Puts octets on the medium without being asked to. */
  poke(offset: number, octets: Uint8Array): void {
    this.#each(offset, octets.length, (page, from, count, done) => {
      const kept = this.#pages.get(page) ?? new Uint8Array(PAGE_LENGTH);
      kept.set(octets.subarray(done, done + count), from);
      this.#pages.set(page, kept);
    });
  }

  async #quickly(act: () => void): Promise<void> {
    await Promise.resolve();
    const { slow } = this;
    this.slow = false;
    try {
      act();
    } finally {
      this.slow = slow;
    }
  }

  #touch(what: string, offset: number, length: number): void {
    if (this.failure !== undefined) throw this.failure;
    if (offset < 0 || offset + length > this.size) {
      throw new DeviceError("out-of-range", `octet ${offset} is not on the test device`);
    }
    this.log.push(`${what} ${offset}+${length}`);
  }

  #each(
    offset: number,
    length: number,
    act: (page: number, from: number, count: number, done: number) => void,
  ): void {
    for (let done = 0; done < length;) {
      const page = Math.floor((offset + done) / PAGE_LENGTH);
      const from = (offset + done) % PAGE_LENGTH;
      const count = Math.min(PAGE_LENGTH - from, length - done);
      act(page, from, count, done);
      done += count;
    }
  }
}

/** A nexus of its own for each number, all to the same target port unless told otherwise. */
export function nexusOf(initiator: number, targetPort = 1): Nexus {
  const name = `iqn.2026-01.org.example:host${initiator}`;
  const isid = initiator.toString(16).padStart(12, "0");
  return {
    initiatorName: name,
    initiatorPort: `${name},i,0x${isid}`,
    targetPort: `iqn.2026-01.org.example:target,t,0x${targetPort.toString(16).padStart(4, "0")}`,
    relativeTargetPort: targetPort,
  };
}

/** The nexuses that tests speak of; `unitOf` attaches both. */
export const NEXUS = nexusOf(1);
export const OTHER_NEXUS = nexusOf(2);

export const UUID = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

export interface UnitOptions extends Partial<LogicalUnitOptions>, TestDeviceOptions {}

/**
 * A unit on a {@link TestDevice} of 1 MiB, used by both nexuses, which have heard of its power on.
 */
export function unitOf(options: UnitOptions = {}): LogicalUnit & { readonly device: TestDevice } {
  const unit = new LogicalUnit({
    device: new TestDevice(options),
    identity: { uuid: UUID, vendor: "SANCTL", product: "Virtual Disk", revision: "1" },
    clock: new HurriedClock(),
    ...options,
  });
  for (const nexus of [NEXUS, OTHER_NEXUS]) join(unit, nexus);
  return unit as LogicalUnit & { readonly device: TestDevice };
}

/** The nexus begins to use the unit and hears of its power on. */
export function join(unit: LogicalUnit, nexus: Nexus): void {
  unit.attach(nexus);
  unit.attentions.take(nexus);
}

export interface RunOptions {
  readonly nexus?: Nexus;
  /** What the initiator has to send; shorter than the CDB says, the command gets only that. */
  readonly dataOut?: Uint8Array;
  readonly writeProtected?: boolean;
  readonly lun?: number;
  readonly luns?: Luns;
  /** Gets hold of the task before it begins. */
  readonly task?: Task;
}

export interface Outcome {
  readonly status: number;
  readonly sense?: Sense;
  /** What the initiator received. */
  readonly data: Uint8Array;
}

/** The CDB as 16 octets, from hex text or octets. */
export function cdbOf(cdb: string | ArrayLike<number>): Uint8Array {
  const octets = typeof cdb === "string"
    ? cdb.trim().split(/\s+/).map((octet) => parseInt(octet, 16))
    : cdb;
  const whole = new Uint8Array(16);
  whole.set(octets);
  return whole;
}

/** A task as a transport makes it, before `begin`. */
export function taskOf(
  unit: LogicalUnit | undefined,
  cdb: string | ArrayLike<number>,
  options: RunOptions = {},
): Task {
  const task = options.task ?? new Task();
  task.cdb.set(cdbOf(cdb));
  task.nexus = options.nexus ?? NEXUS;
  task.unit = unit;
  task.lun = options.lun ?? 0;
  task.writeProtected = options.writeProtected ?? false;
  return task;
}

/** Runs one command to its end. */
export async function run(
  unit: LogicalUnit | undefined,
  cdb: string | ArrayLike<number>,
  options: RunOptions = {},
): Promise<Outcome> {
  const task = taskOf(unit, cdb, options);
  const luns = options.luns ?? lunsOf(unit);
  const received: Uint8Array[] = [];
  let step: Step = begin(task, luns);
  while (step !== Step.DONE) step = await follow(task, step, options.dataOut, received);
  const data = Uint8Array.from(received.flatMap((part) => [...part]));
  const { status, sense } = task;
  return sense === undefined ? { status, data } : { status, sense, data };
}

/** The LUNs of a target that has one unit, or none. */
export function lunsOf(...units: (LogicalUnit | undefined)[]): Luns {
  return {
    *entries() {
      for (const [lun, unit] of units.entries()) {
        if (unit !== undefined) yield [lun, { unit, readOnly: false }];
      }
    },
    told: () => {},
    asked: () => {},
  };
}

async function follow(
  task: Task,
  step: Step,
  dataOut: Uint8Array | undefined,
  received: Uint8Array[],
): Promise<Step> {
  const sent = (dataOut ?? new Uint8Array(0)).subarray(0, task.length);
  switch (step) {
    case Step.SEND:
      // A transport would send what lies behind the data, and that may be anybody's.
      if (task.length > task.data.length) throw new RangeError("more is sent than was built");
      received.push(task.data.slice(0, task.length));
      return Step.DONE;
    case Step.READ:
      return await transfer(task, async (device) => {
        const octets = new Uint8Array(task.length).fill(0xa5);
        if (!device.readNow(task.offset, octets, 0, task.length)) {
          await device.read(task.offset, octets, 0, task.length);
        }
        received.push(octets);
      });
    case Step.WRITE:
      return await transfer(task, async (device) => {
        if (!device.writeNow(task.offset, sent, 0, sent.length)) {
          await device.write(task.offset, sent, 0, sent.length);
        }
      });
    case Step.COLLECT:
      task.data = sent.slice();
      task.length = sent.length;
      task.length = sent.length;
      return finish(task);
    default:
      return await task.promise!.catch((error) => fail(task, error));
  }
}

async function transfer(
  task: Task,
  move: (device: BlockDevice) => Promise<void>,
): Promise<Step> {
  try {
    await move(task.unit!.device);
  } catch (error) {
    return fail(task, error);
  }
  return finish(task);
}
