/**
 * One row of the command table, from which both dispatch and REPORT SUPPORTED OPERATION CODES
 * derive.
 */
import type { LogicalUnit } from "./logical_unit.ts";
import type { Luns } from "./lun.ts";
import type { Step, Task } from "./task.ts";

/**
 * What a command does to the medium or the unit, which decides how reservations treat it. SPC-4
 * table 49 (persistent reservations), SBC-3 4, SPC-2 table 9 (RESERVE/RELEASE).
 */
export const Access = {
  /** Allowed whoever holds a reservation: INQUIRY, REPORT LUNS, REQUEST SENSE, … */
  ALWAYS: 0,
  /** Allowed under Write Exclusive, refused under Exclusive Access. */
  READ: 1,
  /** Refused under both to those without the reservation. */
  WRITE: 2,
  /** Allowed under persistent reservations, refused under a foreign RESERVE: MODE SENSE, … */
  QUERY: 3,
  /** Decides for itself: PERSISTENT RESERVE OUT, RESERVE, RELEASE. */
  OWN: 4,
} as const;
export type Access = typeof Access[keyof typeof Access];

export interface Command {
  /** As the standard spells it: `READ(10)`. */
  readonly name: string;
  readonly opcode: number;
  /** Where several commands share the operation code. */
  readonly serviceAction?: number;
  /**
   * CDB USAGE DATA (SPC-4 6.35.3): a CDB with ones in every bit that is looked at, the operation
   * code (and service action) in place, as hex octets. Its length is the CDB's. A one outside it in
   * a received CDB is INVALID FIELD IN CDB.
   */
  readonly usage: string;
  readonly access: Access;
  /** True: refused with WRITE PROTECTED where the medium or the mapping is read-only. */
  readonly writes?: boolean;
  /**
   * True: needs a medium; refused with NOT READY where it is stopped, ejected or being sanitized.
   */
  readonly medium?: boolean;
  /** Offered only by units of which this holds; the others do not know the command. */
  offered?(unit: LogicalUnit): boolean;
  /**
   * Looks at the CDB and says what is to be done first. Synchronous; never throws for what a peer
   * sent.
   */
  execute(task: Task, unit: LogicalUnit, luns: Luns): Step;
}
