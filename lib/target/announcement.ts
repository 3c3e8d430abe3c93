/** What a target tells an initiator that did not ask. RFC 7143 11.9. */
import { AsyncEvent } from "../iscsi/pdu/async_message.ts";
import type { Sense } from "../scsi/sense.ts";
import { emitSense } from "../scsi/sense_data.ts";

export interface Announcement {
  readonly event: number;
  /** What a SCSI event is about. */
  readonly lun?: number;
  readonly parameter3?: number;
  readonly data?: Uint8Array;
}

/** Octets before the sense data: the SenseLength. RFC 7143 11.9.4. */
const SENSE_LENGTH_FIELD = 2;

/** The session is dropped; the initiator may come back at once. RFC 7143 11.9.1, event 3. */
export const SESSION_DROPPED: Announcement = { event: AsyncEvent.SESSION_DROPPED };

/** The initiator is to log out within `seconds`. RFC 7143 11.9.1, event 1. */
export function logoutRequested(seconds: number): Announcement {
  return { event: AsyncEvent.LOGOUT_REQUESTED, parameter3: seconds };
}

/**
 * What a unit attention says, for an initiator that has no command to hear it with. RFC 7143
 * 11.9.1, event 0. Whoever does not know it may ignore it: the unit attention stands all the same.
 */
export function scsiEvent(lun: number, sense: Sense, descriptor: boolean): Announcement {
  const octets = emitSense(sense, { descriptor });
  const data = new Uint8Array(SENSE_LENGTH_FIELD + octets.length);
  new DataView(data.buffer).setUint16(0, octets.length);
  data.set(octets, SENSE_LENGTH_FIELD);
  return { event: AsyncEvent.SCSI_EVENT, lun, data };
}
