/**
 * A SCSI command as iSCSI carries it: the SAM-5 task with its tags, its place among the
 * connection's transfers, and how far its data has come. Pooled by the session; nothing is
 * allocated for a command.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import { Step, Task } from "../scsi/task.ts";
import type { ScsiCommands } from "./scsi_commands.ts";

/** A run of Data-Out that is on its way: unsolicited, or asked for by one R2T. */
export interface Burst {
  /** The tag the R2T gave; RESERVED_TAG for unsolicited data. */
  targetTransferTag: number;
  /** Where the next octet belongs, from the start of the command's data. */
  next: number;
  /** Where the burst ends; unsolicited data may end before. */
  end: number;
  /** Octets in all. */
  length: number;
  /** The DataSN that the next Data-Out PDU must carry. RFC 7143 11.7.5. */
  dataSN: number;
}

export class TargetTask extends Task {
  /**
   * Of the connection that brought it, to which its answers go: its allegiance. RFC 7143 4.2.5.1.
   */
  commands!: ScsiCommands;
  initiatorTaskTag = RESERVED_TAG;
  cmdSN = 0;
  immediate = false;
  /** The LUN field as it came: Data-In and R2T repeat it. */
  lunHigh = 0;
  lunLow = 0;
  reads = false;
  writes = false;
  expectedDataTransferLength = 0;

  /** The step that the transport is at. */
  step: Step = Step.DONE;
  /** Octets that the CDB implies, whatever the initiator expects. */
  impliedLength = 0;
  /** Octets that really move: what the CDB implies, cut to what the initiator expects. */
  transferLength = 0;
  /** Octets sent, or for Data-Out taken, so far. */
  moved = 0;
  /** DataSN of the next Data-In or R2TSN of the next R2T. RFC 7143 11.7.5, 11.8.2. */
  nextSN = 0;

  /** Where the data of the next R2T begins. */
  solicited = 0;
  /** Bursts on their way, oldest first; the array is kept, its first `burstCount` are in use. */
  readonly bursts: Burst[] = [];
  burstCount = 0;
  /** An R2T of it waits for its turn. */
  unasked = false;
  /** It has ended as `status` says; what is still on its way is received and thrown away. */
  draining = false;

  /** Asynchronous device operations, and a promise, that have not ended. */
  pending = 0;
  /** Octets read ahead of sending, where the device could not read at once. */
  readAhead: Uint8Array | undefined;
  /** How much of them has been sent. */
  readAheadAt = 0;
  /** It waits in its connection's queue for room in the outbox. */
  queued = false;
  /** It is in its logical unit's task set. */
  inTaskSet = false;
  /** It waits in the task set for its turn. */
  dormant = false;
  /** It counts among the session's outstanding commands. */
  outstanding = false;
  /** Octets of `data` that are counted against the session's limit. */
  collected = 0;
  /** Unsolicited data of a task that waits for its turn. */
  immediateData: Uint8Array | undefined;

  override reset(): void {
    super.reset();
    this.initiatorTaskTag = RESERVED_TAG;
    this.immediate = false;
    this.step = Step.DONE;
    this.impliedLength = 0;
    this.transferLength = 0;
    this.moved = 0;
    this.nextSN = 0;
    this.solicited = 0;
    this.burstCount = 0;
    this.unasked = false;
    this.draining = false;
    this.pending = 0;
    this.readAhead = undefined;
    this.readAheadAt = 0;
    this.queued = false;
    this.inTaskSet = false;
    this.dormant = false;
    this.outstanding = false;
    this.collected = 0;
    this.immediateData = undefined;
  }

  /** A further burst at the end of the list. */
  addBurst(targetTransferTag: number, from: number, end: number): void {
    const burst = this.bursts[this.burstCount];
    if (burst === undefined) {
      this.bursts.push({ targetTransferTag, next: from, end, length: end - from, dataSN: 0 });
    } else {
      burst.targetTransferTag = targetTransferTag;
      burst.next = from;
      burst.end = end;
      burst.length = end - from;
      burst.dataSN = 0;
    }
    this.burstCount++;
  }

  /** The oldest burst has come to its end. */
  removeOldestBurst(): void {
    const oldest = this.bursts[0]!;
    for (let i = 1; i < this.burstCount; i++) this.bursts[i - 1] = this.bursts[i]!;
    this.bursts[--this.burstCount] = oldest;
  }
}
