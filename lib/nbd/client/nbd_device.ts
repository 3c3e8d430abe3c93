/** A disk that an NBD server has. */
import {
  type BlockDevice,
  type Capabilities,
  DeviceError,
  type Extent,
} from "../../block/device.ts";
import { InFlight } from "../../block/in_flight.ts";
import { requireRange, requireRoom } from "../../block/range.ts";
import { WholeBlocks } from "../../block/whole_blocks.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { type Logger, silentLogger } from "../../runtime/logger.ts";
import { type Random, systemRandom } from "../../runtime/random.ts";
import { BufferPool } from "../../wire/buffer_pool.ts";
import { type NbdAddress, serverOf } from "../address.ts";
import { TransmissionFlag } from "../messages/export_info.ts";
import { CommandFlag, RequestType } from "../messages/request.ts";
import { type Dial, dial } from "./dial.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { openErrorOf } from "./open_error.ts";
import { Operation, type OperationOptions } from "./operation.ts";
import { Session } from "./session.ts";
import { offers } from "./terms.ts";

export interface NbdDeviceOptions {
  readonly readOnly?: boolean;
  readonly limits?: Limits;
  readonly dial?: Dial;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
}

const { READ_ONLY, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES } = TransmissionFlag;

const RECEIVE_BUFFER_LENGTH = 256 << 10;
const SEND_BUFFER_LENGTH = 288 << 10;
/** Octets of one request for extents: what a reply tells is counted in 32 bits. */
const MOST_STATUS_LENGTH = 1 << 30;

export class NbdDevice implements BlockDevice {
  readonly size: number;
  readonly can: Capabilities;
  readonly #session: Session;
  readonly #server: string;
  readonly #inFlight = new InFlight();
  /** Octets of one request. */
  readonly #mostLength: number;
  /** FUA where that is all there is to make writes durable. */
  readonly #writeFlags: number;
  #closing: Promise<void> | undefined;

  private constructor(session: Session, server: string, options: NbdDeviceOptions) {
    const { terms } = session;
    const { requestLength } = options.limits ?? DEFAULT_LIMITS;
    const block = terms.minimumBlockSize;
    const write = !options.readOnly && !offers(terms, READ_ONLY);
    this.#session = session;
    this.#server = server;
    this.size = terms.size - terms.size % block;
    this.can = { write, unmap: offers(terms, SEND_TRIM | SEND_WRITE_ZEROES) };
    const most = Math.min(requestLength, terms.maximumPayloadSize);
    this.#mostLength = Math.max(block, most - most % block);
    const isOnlyFua = !offers(terms, SEND_FLUSH) && offers(terms, SEND_FUA);
    this.#writeFlags = isOnlyFua ? CommandFlag.FUA : 0;
  }

  /**
   * Connects to the server, and keeps the export in reach from then on; fails with an NbdOpenError.
   * Whatever blocks the server insists on, octets can be asked for.
   */
  static async open(address: NbdAddress, options: NbdDeviceOptions = {}): Promise<BlockDevice> {
    const session = new Session({
      address,
      limits: options.limits ?? DEFAULT_LIMITS,
      dial: options.dial ?? dial,
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      logger: options.logger ?? silentLogger,
      receiveBuffers: pool(RECEIVE_BUFFER_LENGTH),
      sendBuffers: pool(SEND_BUFFER_LENGTH),
    });
    try {
      await session.start();
    } catch (error) {
      throw openErrorOf(error, serverOf(address));
    }
    const device = new NbdDevice(session, serverOf(address), options);
    const { minimumBlockSize } = session.terms;
    return minimumBlockSize === 1 ? device : new WholeBlocks(device, minimumBlockSize);
  }

  get trouble(): string | undefined {
    return this.#session.trouble;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#check(offset, length);
    requireRoom(into, at, length);
    return length === 0;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    return length === 0;
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.#check(offset, length);
    requireRoom(into, at, length);
    await this.#inPieces(offset, length, (from, count) => {
      const place = { buffer: into, at: at + from - offset };
      return { type: RequestType.READ, offset: from, length: count, ...place };
    });
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    requireRoom(from, at, length);
    await this.#write(offset, from, (begin) => at + begin - offset, length);
  }

  /** Writes octets: `placeOf` tells where in the buffer those for an offset are. */
  #write(
    offset: number,
    buffer: Uint8Array,
    placeOf: (offset: number) => number,
    length: number,
  ): Promise<void> {
    const [type, flags] = [RequestType.WRITE, this.#writeFlags];
    return this.#inPieces(offset, length, (from, count) => {
      return { type, flags, offset: from, length: count, buffer, at: placeOf(from) };
    });
  }

  async flush(): Promise<void> {
    this.#check(0, 0);
    if (!this.can.write || !offers(this.#session.terms, SEND_FLUSH)) return;
    await this.#run([{ type: RequestType.FLUSH }]);
  }

  async unmap(offset: number, length: number): Promise<void> {
    this.#checkWrite(offset, length);
    if (!offers(this.#session.terms, SEND_WRITE_ZEROES)) return await this.#zero(offset, length);
    const [type, flags] = [RequestType.WRITE_ZEROES, this.#writeFlags];
    await this.#inPieces(offset, length, (from, count) => {
      return { type, flags, offset: from, length: count };
    });
  }

  /** For servers that know no other way. */
  async #zero(offset: number, length: number): Promise<void> {
    const zeros = new Uint8Array(Math.min(this.#mostLength, length));
    await this.#write(offset, zeros, () => 0, length);
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    this.#check(offset, length);
    if (this.#session.terms.allocationContextId === undefined) {
      return length === 0 ? [] : [{ offset, length, mapped: true }];
    }
    const runs: Extent[] = [];
    for (let at = offset; at < offset + length && runs.length < limit;) {
      const count = Math.min(MOST_STATUS_LENGTH, offset + length - at);
      const status = { type: RequestType.BLOCK_STATUS, offset: at, length: count };
      const [operation] = await this.#run([{ ...status, mostExtents: limit - runs.length }]);
      for (const extent of operation!.extents) at = append(runs, extent);
    }
    return runs;
  }

  /** Flushes, and takes leave of the server. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#inFlight.idle();
    await this.#session.close();
  }

  async #inPieces(
    offset: number,
    length: number,
    piece: (offset: number, length: number) => OperationOptions,
  ): Promise<void> {
    const pieces: OperationOptions[] = [];
    for (let at = offset; at < offset + length;) {
      const count = Math.min(this.#mostLength, offset + length - at);
      pieces.push(piece(at, count));
      at += count;
    }
    await this.#run(pieces);
  }

  /** Resolves, or fails, when all are done: until then the buffers are the session's. */
  #run(pieces: readonly OperationOptions[]): Promise<Operation[]> {
    return this.#inFlight.during(async () => {
      const operations = pieces.map((each) => new Operation(each));
      for (const operation of operations) this.#session.submit(operation);
      const ends = await Promise.allSettled(operations.map(({ done }) => done));
      const failure = ends.find((end) => end.status === "rejected");
      if (failure !== undefined) throw failure.reason;
      return operations;
    });
  }

  #check(offset: number, length: number): void {
    if (this.#closing !== undefined) {
      throw new DeviceError(
        "gone",
        `the connection to the NBD server at ${this.#server} is closed`,
      );
    }
    requireRange(this.size, offset, length);
  }

  #checkWrite(offset: number, length: number): void {
    this.#check(offset, length);
    if (!this.can.write) {
      throw new DeviceError("read-only", `the NBD server at ${this.#server} lets nobody write`);
    }
  }
}

/** Adds an extent to the runs, or to the last of them; answers where it ends. */
function append(runs: Extent[], extent: Extent): number {
  const last = runs.at(-1);
  if (last?.mapped === extent.mapped) {
    runs[runs.length - 1] = { ...last, length: last.length + extent.length };
  } else {
    runs.push(extent);
  }
  return extent.offset + extent.length;
}

function pool(length: number): BufferPool {
  return new BufferPool(length, 64 << 10, 16, 8);
}
