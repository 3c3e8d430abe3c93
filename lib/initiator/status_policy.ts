/**
 * What to do about a command's status: one table, for every command alike. SAM-5 5.3.1, SPC-4 4.5.
 * Only what may be otherwise the next time is tried again; the rest goes to whoever asked.
 */
import { SenseKey } from "../scsi/sense.ts";
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { Status } from "../scsi/status.ts";
import type { CommandResult } from "./command.ts";

export type Verdict =
  /** It has done what was asked. */
  | "done"
  /** Too much at once, or not ready yet: the same again, after a while. */
  | "later"
  /** Nothing was done, for a reason that is over: the same again. */
  | "again"
  /** It will not do it, whichever way it is asked. */
  | "failed"
  /** Not this way just now: another path may do. SPC-4 5.15.2.4. */
  | "not-here";

const BY_STATUS: ReadonlyMap<number, Verdict> = new Map([
  [Status.GOOD, "done"],
  [Status.CONDITION_MET, "done"],
  [Status.BUSY, "later"],
  [Status.TASK_SET_FULL, "later"],
  [Status.TASK_ABORTED, "again"],
  [Status.RESERVATION_CONFLICT, "failed"],
]);

const BY_SENSE_KEY: ReadonlyMap<number, Verdict> = new Map([
  [SenseKey.RECOVERED_ERROR, "done"],
  [SenseKey.UNIT_ATTENTION, "again"],
  [SenseKey.ABORTED_COMMAND, "again"],
  [SenseKey.NO_SENSE, "again"],
]);

/** NOT READY is as good as never, but for these. */
const BY_NOT_READY: ReadonlyMap<number, Verdict> = new Map([
  [0x0401, "later"], // becoming ready
  [0x0404, "later"], // format in progress
  [0x040a, "later"], // asymmetric access state transition
  [0x040b, "not-here"], // target port in standby state
  [0x040c, "not-here"], // target port in unavailable state
  [0x0414, "later"], // space allocation in progress
]);

export function judge({ status, sense }: CommandResult): Verdict {
  if (status !== Status.CHECK_CONDITION) return BY_STATUS.get(status) ?? "failed";
  if (sense === undefined) return "failed";
  // A deferred error is about an earlier command: this one was not carried out. SPC-4 4.5.6.
  if (sense.deferred) return "again";
  if (sense.key === SenseKey.NOT_READY) return BY_NOT_READY.get(sense.code) ?? "failed";
  return BY_SENSE_KEY.get(sense.key) ?? "failed";
}

/** What a unit attention bids to look at anew. */
export type Change = "identity" | "capacity" | "mode" | "luns" | "nothing";

interface Meaning {
  readonly change: Change;
  /** What the unit had acknowledged and not put on its medium may be gone. */
  readonly suspectsCache?: true;
  /** The unit knows the nexus, so it has not been restarted since that was lost. */
  readonly vouchesForCache?: true;
}

const BY_ATTENTION: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [0x2800, { change: "identity", suspectsCache: true }], // the medium may have changed
  [0x2900, { change: "identity", suspectsCache: true }], // power on, reset, or bus device reset
  [0x2901, { change: "identity", suspectsCache: true }], // power on
  [0x2902, { change: "identity" }], // SCSI bus reset
  [0x2903, { change: "identity" }], // bus device reset function: a LOGICAL UNIT RESET
  [0x2904, { change: "identity", suspectsCache: true }], // device internal reset
  [0x2907, { change: "identity", vouchesForCache: true }], // I_T nexus loss
  [0x2a01, { change: "mode" }], // mode parameters
  [0x2a09, { change: "capacity" }],
  [0x3f03, { change: "identity" }], // INQUIRY data
  [0x3f0e, { change: "luns" }],
]);

const NOTHING: Meaning = { change: "nothing" };

export function meaningOf({ code }: ReceivedSense): Meaning {
  return BY_ATTENTION.get(code) ?? NOTHING;
}
