/** What a target tells by itself. RFC 7143 11.9. */
import type { Frame } from "../iscsi/frame.ts";
import { AsyncEvent, AsyncMessage } from "../iscsi/pdu/async_message.ts";
import { parseLun } from "../scsi/lun.ts";
import { parseSenseSegment } from "./sense_segment.ts";
import type { Session } from "./session.ts";

const LUN_AT = 8;

/** Events that are not known are passed over: RFC 7143 leaves room for those of vendors. */
export function receiveAsyncMessage(session: Session, cid: number, frame: Frame): void {
  const pdu = new AsyncMessage(frame.octets, frame.base);
  switch (pdu.asyncEvent) {
    case AsyncEvent.SCSI_EVENT:
      return receiveSense(session, frame);
    case AsyncEvent.LOGOUT_REQUESTED:
      return session.logoutRequested(pdu.parameter3);
    case AsyncEvent.CONNECTION_DROPPED:
      // Parameter 1 says which; at error recovery level 0 the session goes with any of them.
      return session.fail(
        `the target drops connection ${pdu.parameter1} of ${cid}`,
        pdu.parameter2,
      );
    case AsyncEvent.SESSION_DROPPED:
      return session.fail("the target drops the session", pdu.parameter2);
    case AsyncEvent.TASKS_TERMINATED:
      return session.fail("the target ends all tasks of a logical unit");
  }
}

function receiveSense(session: Session, frame: Frame): void {
  const sense = parseSenseSegment(frame, "an event");
  if (sense !== undefined) session.heard(parseLun(frame.view, frame.base + LUN_AT), sense);
}
