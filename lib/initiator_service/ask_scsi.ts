/** SCSI commands that ask, for those who want to see the answer as it is. */
import { ControlError } from "../config/control_error.ts";
import type { CommandRequest } from "../initiator/command.ts";
import * as commands from "../initiator/unit_commands.ts";
import { SenseKey } from "../scsi/sense.ts";
import { emitSense } from "../scsi/sense_data.ts";
import type { ScsiAnswer, ScsiQuestion } from "./control.ts";
import { controlErrorOf } from "./initiator_failure.ts";
import type { RunningSession } from "./running_session.ts";

const MOST_LUN = 16_383;
const INQUIRY_LENGTH = 252;
const CAPACITY_LENGTH = 8;
const LUNS_LENGTH = 8 + 256 * 8;
const MOST_ATTENTIONS = 16;

function requestOf(question: ScsiQuestion): CommandRequest {
  switch (question.kind) {
    case "inquiry": {
      const dataIn = new Uint8Array(INQUIRY_LENGTH);
      return { cdb: commands.inquiry(INQUIRY_LENGTH, question.page), dataIn };
    }
    case "read-capacity":
      return { cdb: commands.READ_CAPACITY_10, dataIn: new Uint8Array(CAPACITY_LENGTH) };
    case "report-luns":
      return { cdb: commands.reportLuns(LUNS_LENGTH), dataIn: new Uint8Array(LUNS_LENGTH) };
  }
}

/** Unit attentions, which are for whoever uses the unit, are passed over. */
export async function askScsi(
  { id, path: { kept } }: RunningSession,
  question: ScsiQuestion,
): Promise<ScsiAnswer> {
  const lun = question.kind === "report-luns" ? 0 : question.lun;
  if (!Number.isInteger(lun) || lun < 0 || lun > MOST_LUN) {
    throw new ControlError("usage", `${lun} is no LUN`, `use a number up to ${MOST_LUN}`);
  }
  const { session } = kept;
  if (session === undefined) {
    const reason = kept.lastError?.message ?? "it is being opened";
    throw new ControlError("unreachable", `session ${id} is not open: ${reason}`, undefined);
  }
  const request = requestOf(question);
  try {
    let result = await session.execute(lun, request);
    for (let i = 0; i < MOST_ATTENTIONS; i++) {
      if (result.sense?.key !== SenseKey.UNIT_ATTENTION) break;
      result = await session.execute(lun, request);
    }
    const { status, sense, transferred } = result;
    return {
      status,
      data: request.dataIn!.subarray(0, transferred).toHex(),
      sense: sense === undefined ? null : emitSense(sense, { descriptor: false }).toHex(),
    };
  } catch (error) {
    throw controlErrorOf(error);
  }
}
