/**
 * A command on its way: from `execute` to its status. Tasks are used over and over, one session's
 * among themselves.
 */
import { emitLun, LUN_LENGTH } from "../scsi/lun.ts";
import type { CommandFailure, CommandRequest, CommandResult } from "./command.ts";
import type { Connection } from "./connection.ts";

const CDB_LENGTH = 16;

/** "ended": its status came, while data that was promised to the target has still to leave. */
export type TaskState = "waiting" | "sent" | "ended";

export class Task {
  initiatorTaskTag = 0;
  state: TaskState = "waiting";
  cmdSN = 0;
  attribute = 0;
  readonly cdb: Uint8Array = new Uint8Array(CDB_LENGTH);
  readonly lunOctets: DataView = new DataView(new ArrayBuffer(LUN_LENGTH));
  lun = 0;
  dataIn: Uint8Array | undefined;
  dataOut: Uint8Array | undefined;
  /** Which took it. */
  connection: Connection | undefined;
  /** Octets of Data-In that came, or of data that was sent or asked for. */
  moved = 0;
  /** The DataSN of the next Data-In, or the R2TSN of the next R2T. */
  nextSN = 0;
  /** Bursts of its data that have not left wholly. */
  burstCount = 0;
  timeoutMs = 0;
  /** When it takes too long. */
  deadlineMs = Infinity;
  /** It is being ended: its status, if one comes, counts all the same. */
  isEnding = false;
  /** How it ended. */
  result: CommandResult | CommandFailure | undefined;
  resolve: (result: CommandResult) => void = nothing;
  reject: (failure: CommandFailure) => void = nothing;
  /** Behind it in the queue of those that wait. */
  next: Task | undefined;

  /** Makes it the task of a request to a logical unit. */
  begin(lun: number, request: CommandRequest): void {
    this.state = "waiting";
    this.attribute = request.attribute ?? 1;
    this.cdb.fill(0);
    this.cdb.set(request.cdb);
    this.lun = lun;
    emitLun(this.lunOctets, 0, lun);
    this.dataIn = request.dataIn;
    this.dataOut = request.dataOut;
    this.moved = this.nextSN = this.burstCount = 0;
    this.deadlineMs = Infinity;
    this.isEnding = false;
    this.result = undefined;
  }

  /** Lets go of everything; another request may have it. */
  release(): void {
    this.dataIn = this.dataOut = undefined;
    this.connection = undefined;
    this.next = undefined;
    this.resolve = this.reject = nothing;
  }

  /** RFC 7143 11.3.4. */
  get expectedDataTransferLength(): number {
    return this.dataIn?.length ?? this.dataOut?.length ?? 0;
  }
}

function nothing(): void {}
