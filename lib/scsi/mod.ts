/**
 * SCSI without a transport: logical units, their device server, and the octets both sides exchange.
 */
export { BlockLimits } from "./block_limits.ts";
export { Access, type Command } from "./command.ts";
export { COMMANDS } from "./commands/mod.ts";
export { begin, fail, finish } from "./device_server.ts";
export { type Identity, LogicalUnit, type LogicalUnitOptions } from "./logical_unit.ts";
export { emitLun, type Luns, NO_LUN, parseLun, REPORT_LUNS_WELL_KNOWN } from "./lun.ts";
export { type Nexus, nexusId } from "./nexus.ts";
export type { PersistedReservations, ReservationStore } from "./reservations.ts";
export { type FieldPointer, type Sense, SenseKey } from "./sense.ts";
export { emitSense, parseSense, type ReceivedSense } from "./sense_data.ts";
export { Status } from "./status.ts";
export { Step, Task, TaskAttribute } from "./task.ts";
