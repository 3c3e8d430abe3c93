/** What an initiator is told when the device of a unit could not do a transfer. */
import type { DeviceError, DeviceErrorKind } from "../block/device.ts";
import {
  LBA_OUT_OF_RANGE,
  LOGICAL_UNIT_NOT_READY,
  type Sense,
  SPACE_ALLOCATION_FAILED,
  UNRECOVERED_READ_ERROR,
  WRITE_ERROR,
  WRITE_PROTECTED,
} from "./sense.ts";

interface Row {
  readonly reading: Sense;
  readonly writing: Sense;
}

function both(sense: Sense): Row {
  return { reading: sense, writing: sense };
}

const SENSE: Readonly<Record<DeviceErrorKind, Row>> = {
  "out-of-range": both(LBA_OUT_OF_RANGE),
  "read-only": both(WRITE_PROTECTED),
  "no-space": both(SPACE_ALLOCATION_FAILED),
  "medium": { reading: UNRECOVERED_READ_ERROR, writing: WRITE_ERROR },
  "fenced": both(WRITE_ERROR),
  "gone": both(LOGICAL_UNIT_NOT_READY),
};

/** The sense data of a device's failure; a medium tells reading from writing. */
export function senseOf(error: DeviceError, writing: boolean): Sense {
  const row = SENSE[error.kind];
  return writing ? row.writing : row.reading;
}
