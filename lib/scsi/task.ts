/**
 * A command on its way through a logical unit. SAM-5 calls it a command; iSCSI's name for the same
 * is task. A transport makes one (from a pool), fills in what came with the command, gives it to
 * the device server, and then does what the answered step asks: send data, collect data, move
 * blocks, or wait.
 */
import type { Command } from "./command.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { Nexus } from "./nexus.ts";
import type { Sense } from "./sense.ts";
import { Status } from "./status.ts";

/** What the command wants of the transport next. */
export const Step = {
  /** It has ended: `status`, and for CHECK CONDITION `sense`, say how. */
  DONE: 0,
  /** Send `data`, `length` octets of it, then `status`. */
  SEND: 1,
  /** Read `length` octets at `offset` of the unit's device and send them, then call `finish`. */
  READ: 2,
  /** Receive `length` octets straight to `offset` of the unit's device, then call `finish`. */
  WRITE: 3,
  /** Receive `length` octets into `data`, then call `finish`. */
  COLLECT: 4,
  /** Await `promise`, which gives the next step. */
  WAIT: 5,
} as const;
export type Step = typeof Step[keyof typeof Step];

/** SAM-5 8.8; the values are those of the iSCSI ATTR field (RFC 7143 11.3.1). */
export const TaskAttribute = {
  UNTAGGED: 0,
  SIMPLE: 1,
  ORDERED: 2,
  HEAD_OF_QUEUE: 3,
  ACA: 4,
} as const;

/** What follows when the transport has done a READ, WRITE or COLLECT step. */
export type Continuation = (task: Task, unit: LogicalUnit) => Step;

const NO_DATA = new Uint8Array(0);

export class Task {
  /** The CDB, always 16 octets; what the command does not use is zero. */
  readonly cdb = new Uint8Array(16);
  readonly view = new DataView(this.cdb.buffer);
  attribute = 0;
  nexus!: Nexus;
  /** The unit addressed; undefined where the nexus has no such LUN. */
  unit: LogicalUnit | undefined;
  lun = 0;
  /** The LUN is mapped read-only for this initiator. */
  writeProtected = false;
  /** Octets that the initiator has to send, whatever the command asks for. SAM-5 5.1. */
  dataOutBufferSize = 0;
  command: Command | undefined;

  status: number = Status.GOOD;
  sense: Sense | undefined;
  /** Octets that the command moves, as its CDB implies (after ALLOCATION LENGTH). */
  length = 0;
  /** Octet on the device at which a READ or WRITE step begins. */
  offset = 0;
  data: Uint8Array = NO_DATA;
  finish: Continuation | undefined;
  promise: Promise<Step> | undefined;
  /**
   * Set by task management: it ends without status, and nothing more of it may reach the medium.
   */
  aborted = false;
  /**
   * The transport's: lets go of an aborted task, which leaves the task set once nothing of it is
   * pending.
   */
  onAbort: ((task: Task) => void) | undefined;

  /** The task set's: its neighbours there, and what begins it while it is dormant. */
  older: Task | undefined;
  newer: Task | undefined;
  resume: ((task: Task) => void) | undefined;

  /** Makes a pooled task as good as new; the transport then fills `cdb` and the rest. */
  reset(): void {
    this.command = undefined;
    this.unit = undefined;
    this.dataOutBufferSize = 0;
    this.status = Status.GOOD;
    this.sense = undefined;
    this.length = 0;
    this.offset = 0;
    this.data = NO_DATA;
    this.finish = undefined;
    this.promise = undefined;
    this.aborted = false;
  }

  /** Ends with GOOD, moving nothing. */
  done(): Step {
    return Step.DONE;
  }

  /** Ends with another status than GOOD or CHECK CONDITION. */
  endWith(status: number): Step {
    this.status = status;
    this.length = 0;
    return Step.DONE;
  }

  /** Ends with CHECK CONDITION. */
  fail(sense: Sense): Step {
    this.status = Status.CHECK_CONDITION;
    this.sense = sense;
    return Step.DONE;
  }

  /** Sends `data`, cut to the ALLOCATION LENGTH (SPC-4 4.2.5.6), then GOOD. */
  send(data: Uint8Array, allocationLength: number): Step {
    this.data = data;
    this.length = Math.min(data.length, allocationLength);
    return Step.SEND;
  }

  /** Reads from the unit's device and sends what it read. */
  readMedium(offset: number, length: number, finish?: Continuation): Step {
    this.offset = offset;
    this.length = length;
    this.finish = finish;
    return length === 0 && finish === undefined ? Step.DONE : Step.READ;
  }

  /** Receives straight to the unit's device; a partial write is possible (SBC-3 4.9 allows it). */
  writeMedium(offset: number, length: number, finish?: Continuation): Step {
    this.offset = offset;
    this.length = length;
    this.finish = finish;
    return length === 0 && finish === undefined ? Step.DONE : Step.WRITE;
  }

  /** Receives `length` octets into `data`; `finish` goes on with them. */
  collect(length: number, finish: Continuation): Step {
    this.length = length;
    this.finish = finish;
    return Step.COLLECT;
  }

  /** Goes on when `promise` says how; a rejection with a DeviceError becomes sense data. */
  wait(promise: Promise<Step>): Step {
    this.promise = promise;
    return Step.WAIT;
  }
}
