/**
 * A logical unit of a target as a disk. Transfers are cut to what the unit takes and to whole
 * blocks; what fails says what the unit answered. A flush that cannot vouch for everything that
 * was acknowledged before it fails, and so does every write after it.
 */
import { type BlockDevice, type Capabilities, DeviceError, type Extent } from "../block/device.ts";
import { GroupCommit } from "../block/group_commit.ts";
import { InFlight } from "../block/in_flight.ts";
import { requireRange, requireRoom } from "../block/range.ts";
import { RangeLocks, type Release } from "../block/range_locks.ts";
import { INVALID_COMMAND_OPERATION_CODE, SenseKey } from "../scsi/sense.ts";
import { Status } from "../scsi/status.ts";
import { blocksAround, mostOctetsOf } from "./block_bounds.ts";
import type { CommandRequest, CommandResult } from "./command.ts";
import { describeSense, failureOf, failureWithout } from "./device_failure.ts";
import { moveInParts, type MovePart } from "./move_in_parts.ts";
import { readBack } from "./read_back.ts";
import { remoteExtents } from "./remote_extents.ts";
import { type Range, UnflushedWrites } from "./unflushed_writes.ts";
import { read, synchronizeCache, write } from "./unit_commands.ts";
import { UnitError } from "./unit_error.ts";
import { type Ask, DIRECT_ACCESS, type UnitFacts } from "./unit_facts.ts";
import type { UnitRoute, UnitRouteObserver } from "./unit_route.ts";
import { zeroBlocks } from "./zero_blocks.ts";

export interface RemoteDiskOptions {
  readonly readOnly?: boolean;
  /** Lets go of the route. */
  readonly release?: () => Promise<void>;
  /** What was acknowledged could not be brought to the medium. */
  readonly onFlushFailed?: (reason: string) => void;
}

/** Pieces of {@link UnflushedWrites} past which a flush is begun unasked: 128 MiB. */
const MOST_UNFLUSHED = 32_768;
/** Octets unmapped at once past which they are flushed rather than remembered. */
const MOST_REMEMBERED = 16 << 20;

const DONE = Promise.resolve();

export class RemoteDisk implements BlockDevice {
  readonly route: UnitRoute;
  readonly #options: RemoteDiskOptions;
  readonly #locks = new RangeLocks();
  readonly #inFlight = new InFlight();
  readonly #commit = new GroupCommit(() => this.#synchronize());
  readonly #observer: UnitRouteObserver;
  #facts: UnitFacts;
  /** Why nothing is written any more, or nothing is done at all. */
  #fence: DeviceError | undefined;
  #isLost = false;
  #isClosed = false;
  readonly #unflushed: UnflushedWrites;
  /** A flush that nobody waits for. */
  #behind: Promise<void> | undefined;
  /** What is being written just now. */
  readonly #writing = new Set<Range>();

  private constructor(route: UnitRoute, facts: UnitFacts, options: RemoteDiskOptions) {
    this.route = route;
    this.#facts = facts;
    this.#options = options;
    this.#unflushed = new UnflushedWrites(facts.blockLength);
    this.#observer = {
      factsChanged: () => this.#facts = route.facts!,
      cacheSuspected: (ask) => this.#lookBack(ask),
      deferredError: (sense) => this.#fenceOff(`a write failed later: ${describeSense(sense)}`),
    };
    route.observers.add(this.#observer);
  }

  /** Waits until the unit can be used. Fails where it is no disk, or cannot be reached. */
  static async open(route: UnitRoute, options: RemoteDiskOptions = {}): Promise<RemoteDisk> {
    const facts = await route.ready();
    if (facts.deviceType !== DIRECT_ACCESS) {
      const type = facts.deviceType.toString(16).padStart(2, "0");
      throw new UnitError("refused", `${route.where} is no disk (device type ${type}h)`);
    }
    return new RemoteDisk(route, facts, options);
  }

  /** The name of the unit in VPD page 83h; undefined where it has none. */
  get identity(): string | undefined {
    return this.#facts.identity;
  }

  get facts(): UnitFacts {
    return this.#facts;
  }

  get size(): number {
    return this.#facts.blockCount * this.#facts.blockLength;
  }

  get can(): Capabilities {
    const { isWriteProtected, provisioning } = this.#facts;
    const { isThin, doesUnmap, doesWriteSameUnmap } = provisioning;
    return {
      write: !this.#options.readOnly && !isWriteProtected,
      unmap: isThin && (doesUnmap || doesWriteSameUnmap),
    };
  }

  readNow(): boolean {
    return false;
  }

  writeNow(): boolean {
    return false;
  }

  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    return this.#inFlight.during(() => {
      requireRoom(into, at, length);
      this.#check(offset, length);
      return length === 0 ? DONE : this.#read(offset, partOf(into, at, length));
    });
  }

  #read(offset: number, into: Uint8Array): Promise<void> {
    const { blockLength } = this.#facts;
    const isWhole = offset % blockLength === 0 && into.length % blockLength === 0;
    if (!isWhole) return this.#readWhole(offset, into);
    if (into.length <= mostOctetsOf(this.#facts)) return this.#readBlocks(offset, into);
    return this.#each(offset, into, (at, octets) => this.#readBlocks(at, octets));
  }

  /** What does not begin and end with blocks is part of some that do. */
  async #readWhole(offset: number, into: Uint8Array): Promise<void> {
    const { start, end } = blocksAround(offset, into.length, this.#facts);
    const whole = new Uint8Array(end - start);
    await this.#read(start, whole);
    into.set(whole.subarray(offset - start, offset - start + into.length));
  }

  #each(offset: number, octets: Uint8Array, one: MovePart): Promise<void> {
    return moveInParts(offset, octets, mostOctetsOf(this.#facts), one);
  }

  #readBlocks(offset: number, into: Uint8Array): Promise<void> {
    const { blockLength } = this.#facts;
    const request = { cdb: read(offset / blockLength, into.length / blockLength), dataIn: into };
    return this.#move(request, "read", offset, into.length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    requireRoom(from, at, length);
    this.#check(offset, length);
    this.#checkWritable();
    if (length === 0) return;
    await this.#inFlight.during(() => this.#write(offset, partOf(from, at, length)));
  }

  async #write(offset: number, from: Uint8Array): Promise<void> {
    const { blockLength } = this.#facts;
    const isWhole = offset % blockLength === 0 && from.length % blockLength === 0;
    if (!isWhole) return await this.#writePart(offset, from);
    if (this.#breaks(offset, from.length)) return await this.#writeAfterFlush(offset, from);
    if (this.#locks.idle) return await this.#writeWhole(offset, from);
    const release = await this.#locks.shared(offset, from.length);
    try {
      await this.#writeWhole(offset, from);
    } finally {
      release();
    }
  }

  #breaks(offset: number, length: number): boolean {
    return this.#facts.hasWriteCache && this.#unflushed.breaks(offset, length);
  }

  /** Others that write there wait, so that all come in their order. */
  async #writeAfterFlush(offset: number, from: Uint8Array): Promise<void> {
    const release = await this.#locks.exclusive(offset, from.length);
    try {
      await this.#commit.join();
      await this.#writeWhole(offset, from);
    } finally {
      release();
    }
  }

  #writeWhole(offset: number, from: Uint8Array): Promise<void> {
    return this.#each(offset, from, (at, octets) => this.#writeBlocks(at, octets));
  }

  /** What does not begin and end with blocks is put into those around it: nobody else may write. */
  async #writePart(offset: number, from: Uint8Array): Promise<void> {
    const { start, end } = blocksAround(offset, from.length, this.#facts);
    const release = await this.#locks.exclusive(start, end - start);
    try {
      const whole = new Uint8Array(end - start);
      await this.#read(start, whole);
      whole.set(from, offset - start);
      if (this.#breaks(start, whole.length)) await this.#commit.join();
      await this.#writeWhole(start, whole);
    } finally {
      release();
    }
  }

  async #writeBlocks(offset: number, from: Uint8Array): Promise<void> {
    const { blockLength, hasWriteCache } = this.#facts;
    const request = { cdb: write(offset / blockLength, from.length / blockLength), dataOut: from };
    if (!hasWriteCache) return await this.#move(request, "write", offset, from.length);
    const range = { offset, length: from.length };
    this.#writing.add(range);
    try {
      await this.#move(request, "write", offset, from.length);
      this.#unflushed.add(offset, from);
    } catch (error) {
      this.#unflushed.fail(range);
      throw error;
    } finally {
      this.#writing.delete(range);
    }
    if (this.#unflushed.pieceCount > MOST_UNFLUSHED) this.#flushBehind();
  }

  /** So much is not owed for long: a flush nobody asked for, while everything else goes on. */
  #flushBehind(): void {
    this.#behind ??= this.#commit.join().catch(() => undefined).finally(() =>
      this.#behind = undefined
    );
  }

  async #move(
    request: CommandRequest,
    what: string,
    offset: number,
    length: number,
  ): Promise<void> {
    let result: CommandResult;
    try {
      result = await this.route.execute(request);
    } catch (error) {
      throw failureWithout(this.#describe(what, offset, length), error);
    }
    if (result.status !== Status.GOOD && result.sense?.key !== SenseKey.RECOVERED_ERROR) {
      throw failureOf(this.#describe(what, offset, length), result);
    }
    if (result.transferred === length) return;
    const name = this.#describe(what, offset, length);
    throw new DeviceError("medium", `${name}: only ${result.transferred} octets were moved`);
  }

  async #execute(
    request: CommandRequest,
    what: string,
    offset: number,
    length: number,
  ): Promise<CommandResult> {
    try {
      return await this.route.execute(request);
    } catch (error) {
      throw failureWithout(this.#describe(what, offset, length), error);
    }
  }

  #describe(what: string, offset: number, length: number): string {
    return `cannot ${what} ${length} octets at ${offset} of ${this.route.where}`;
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    if (!this.can.write) return;
    await this.#commit.join();
  }

  /** Why it can be relied upon no more; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#fence?.message;
  }

  async #synchronize(): Promise<void> {
    if (this.#fence !== undefined) throw this.#fence;
    try {
      await this.#synchronizeCache();
    } catch (error) {
      // What fences it off has told already.
      const isTold = this.#fence !== undefined || !(error instanceof Error);
      if (!isTold) this.#options.onFlushFailed?.(error.message);
      throw error;
    }
  }

  /** SYNCHRONIZE CACHE: of all blocks, for all that was acknowledged before it is sent. */
  async #synchronizeCache(): Promise<void> {
    this.#unflushed.beginFlush();
    const result = await this.#execute({ cdb: synchronizeCache() }, "flush", 0, this.size);
    // What was fenced off meanwhile may be what this was to vouch for.
    if (this.#fence !== undefined) throw this.#fence;
    const isUnknown = result.sense?.key === SenseKey.ILLEGAL_REQUEST &&
      result.sense.code === INVALID_COMMAND_OPERATION_CODE.code;
    if (result.status === Status.GOOD || (isUnknown && !this.#facts.hasWriteCache)) {
      return this.#unflushed.endFlush();
    }
    const failure = failureOf(`cannot flush ${this.route.where}`, result);
    this.#fenceOff(failure.message);
    throw failure;
  }

  /** The target may have been restarted: is everything there that it had acknowledged? */
  async #lookBack(ask: Ask): Promise<void> {
    if (this.#unflushed.isEmpty) return;
    const owed = this.#unflushed.owed(this.#writing);
    const outcome = await readBack(owed, { blockLength: this.#facts.blockLength, ask });
    if (outcome === "there") return;
    const what = outcome === "lost" ? "is not all there any more" : "may be lost";
    this.#isLost = outcome === "lost";
    this.#fenceOff(`the target was restarted, and what had been written and not flushed ${what}`);
  }

  #fenceOff(reason: string): void {
    if (this.#fence !== undefined) return;
    const { where } = this.route;
    this.#fence = new DeviceError("fenced", `${where}: ${reason}; open it anew to go on`);
    this.#options.onFlushFailed?.(reason);
  }

  async unmap(offset: number, length: number): Promise<void> {
    this.#check(offset, length);
    this.#checkWritable();
    if (length === 0) return;
    await this.#inFlight.during(() => this.#unmap(offset, length));
  }

  async #unmap(offset: number, length: number): Promise<void> {
    const { blockLength } = this.#facts;
    const start = Math.ceil(offset / blockLength) * blockLength;
    const end = Math.floor((offset + length) / blockLength) * blockLength;
    if (start >= end) return await this.#write(offset, new Uint8Array(length));
    if (start > offset) await this.#write(offset, new Uint8Array(start - offset));
    const range = { offset: start, length: end - start };
    const isFree = this.#locks.idle && !this.#breaks(start, end - start);
    const release = isFree ? undefined : await this.#lockForUnmap(range);
    this.#writing.add(range);
    try {
      await zeroBlocks(
        {
          facts: this.#facts,
          execute: (request) => this.#execute(request, "unmap", start, end - start),
          write: (at, zeros) => this.#writeWhole(at, zeros),
          failed: (result) => failureOf(this.#describe("unmap", start, end - start), result),
        },
        start,
        end - start,
      );
      if (end - start <= MOST_REMEMBERED) this.#unflushed.addZeros(start, end - start);
      else await this.#commit.join();
    } catch (error) {
      this.#unflushed.fail(range);
      throw error;
    } finally {
      this.#writing.delete(range);
      release?.();
    }
    if (end < offset + length) await this.#write(end, new Uint8Array(offset + length - end));
  }

  async #lockForUnmap({ offset, length }: Range): Promise<Release> {
    if (!this.#breaks(offset, length)) return await this.#locks.shared(offset, length);
    const release = await this.#locks.exclusive(offset, length);
    try {
      await this.#commit.join();
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    this.#check(offset, length);
    const ask = (request: CommandRequest) => this.#execute(request, "map", offset, length);
    return await remoteExtents(this.#facts, ask, { offset, length, limit });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#inFlight.idle();
      if (this.can.write && !this.#unflushed.isEmpty) await this.#commit.join();
    } finally {
      this.route.observers.delete(this.#observer);
      await this.#options.release?.();
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new DeviceError("gone", `${this.route.where} has been closed`);
  }

  #check(offset: number, length: number): void {
    this.#checkOpen();
    if (this.#isLost) throw this.#fence;
    requireRange(this.size, offset, length);
  }

  #checkWritable(): void {
    if (this.#fence !== undefined) throw this.#fence;
    if (!this.can.write) throw new DeviceError("read-only", `${this.route.where} is read-only`);
  }
}

/** The octets themselves where all are meant: a view of its own for each transfer adds up. */
function partOf(octets: Uint8Array, at: number, length: number): Uint8Array {
  return at === 0 && length === octets.length ? octets : octets.subarray(at, at + length);
}
