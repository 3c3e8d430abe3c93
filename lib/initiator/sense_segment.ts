/** Sense data as the data segment of a response or an event has it. RFC 7143 11.4.7, 11.9.4. */
import type { Frame } from "../iscsi/frame.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { parseSense, type ReceivedSense } from "../scsi/sense_data.ts";

/** Octets before it: the SenseLength. */
const SENSE_LENGTH_FIELD = 2;

/** Its length is stated once more, and must agree; `where` is `a response`, or `an event`. */
export function parseSenseSegment(
  { view, octets, dataAt, dataLength }: Frame,
  where: string,
): ReceivedSense | undefined {
  if (dataLength < SENSE_LENGTH_FIELD) {
    throw new ProtocolError(`${where} with ${dataLength} octets of data has no sense data`);
  }
  const length = view.getUint16(dataAt);
  if (SENSE_LENGTH_FIELD + length > dataLength) {
    throw new ProtocolError(`sense data of ${length} octets in ${where} with ${dataLength}`);
  }
  const at = dataAt + SENSE_LENGTH_FIELD;
  return parseSense(octets.subarray(at, at + length));
}
