/** REQUEST SENSE: what the initiator should know, as data and not as a status. SPC-4 6.39. */
import { flag, layout, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { takeAttention } from "../inventory.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Luns } from "../lun.ts";
import { NO_SENSE_DATA, type Sense } from "../sense.ts";
import { emitSense } from "../sense_data.ts";
import type { Step, Task } from "../task.ts";

const RequestSenseCdb = layout(6, { desc: flag(1, 0), allocationLength: u8(4) });

export const requestSenses: readonly Command[] = [{
  name: "REQUEST SENSE",
  opcode: 0x03,
  usage: "03 01 00 00 ff 00",
  access: Access.ALWAYS,
  execute: (task, unit, luns) => sendSense(task, pending(task, unit, luns)),
}];

/**
 * A unit attention is thereby told; the progress of a sanitize operation can be asked for again.
 */
function pending(task: Task, unit: LogicalUnit, luns: Luns): Sense {
  const attention = takeAttention(task.nexus, unit, luns);
  if (attention !== undefined) return attention;
  const { sanitize, notReady } = unit.medium;
  return sanitize === "none" ? NO_SENSE_DATA : notReady!;
}

/** Sends sense data as parameter data, in the format that DESC asks for. */
export function sendSense(task: Task, sense: Sense): Step {
  const cdb = new RequestSenseCdb(task.cdb);
  return task.send(emitSense(sense, { descriptor: cdb.desc }), cdb.allocationLength);
}
