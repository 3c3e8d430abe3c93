/** A request of ours, from the call that asked for it to the end of its reply. */
import type { DeviceError, Extent } from "../../block/device.ts";
import { RequestType } from "../messages/request.ts";
import { Coverage } from "./coverage.ts";

const NOTHING = new Uint8Array(0);

export interface OperationOptions {
  readonly type: number;
  readonly flags?: number;
  readonly offset?: number;
  readonly length?: number;
  /** Where the data of a read goes, or that of a write comes from. */
  readonly buffer?: Uint8Array;
  readonly at?: number;
  /** Extents that are kept of a block status. */
  readonly mostExtents?: number;
  /** It is of no interest any more once its connection is lost. */
  readonly transient?: boolean;
}

export class Operation {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  readonly buffer: Uint8Array;
  readonly at: number;
  readonly mostExtents: number;
  readonly transient: boolean;
  readonly coverage = new Coverage();
  /** What a block status told. */
  extents: Extent[] = [];
  isStatusTold = false;
  /** The first error that was told. */
  error: DeviceError | undefined;
  /** Octets of its payload that have been laid out. */
  laidOut = 0;
  /** Of a flush: which logged writes it covers. */
  mark = 0;
  readonly #done = Promise.withResolvers<void>();

  constructor(options: OperationOptions) {
    this.type = options.type;
    this.flags = options.flags ?? 0;
    this.offset = options.offset ?? 0;
    this.length = options.length ?? 0;
    this.buffer = options.buffer ?? NOTHING;
    this.at = options.at ?? 0;
    this.mostExtents = options.mostExtents ?? 0;
    this.transient = options.transient ?? false;
    this.#done.promise.catch(() => undefined);
  }

  /** Resolves when it is done; fails with a DeviceError. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** It changes what is on the medium. */
  get writes(): boolean {
    return this.type === RequestType.WRITE || this.type === RequestType.WRITE_ZEROES;
  }

  get payloadLength(): number {
    return this.type === RequestType.WRITE ? this.length : 0;
  }

  overlaps(other: Operation): boolean {
    return this.offset < other.offset + other.length && other.offset < this.offset + this.length;
  }

  /** It begins anew: what came of it before counts for nothing. */
  restart(): void {
    this.coverage.reset();
    this.extents = [];
    this.isStatusTold = false;
    this.error = undefined;
    this.laidOut = 0;
  }

  succeed(): void {
    this.#done.resolve();
  }

  fail(error: Error): void {
    this.#done.reject(error);
  }
}
