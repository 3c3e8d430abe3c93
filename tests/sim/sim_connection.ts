/**
 * One connection of a simulated initiator: sends in order, and checks how responses are numbered.
 */
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { DataIn } from "../../lib/iscsi/pdu/data_in.ts";
import { NopIn } from "../../lib/iscsi/pdu/nop_in.ts";
import { serialAdd, serialLess } from "../../lib/wire/serial.ts";
import { type ReceivedPdu, TestInitiator } from "../support/test_initiator.ts";
import type { SimSession } from "./sim_session.ts";
import type { SimStream } from "./sim_stream.ts";

/** PDUs whose StatSN is the next one, and uses it up. */
const RESPONSES: ReadonlySet<number> = new Set([
  Opcode.SCSI_RESPONSE,
  Opcode.TASK_MANAGEMENT_RESPONSE,
  Opcode.TEXT_RESPONSE,
  Opcode.LOGOUT_RESPONSE,
  Opcode.ASYNC_MESSAGE,
  Opcode.REJECT,
]);

export class SimConnection {
  readonly stream: SimStream;
  readonly initiator: TestInitiator<SimStream>;
  readonly cid: number;
  isOpen = true;
  /** No new command is sent here. */
  isLeaving = false;
  /** A logout asked for its end, so that the session goes on without it. */
  wasLoggedOut = false;
  #expCmdSN: number | undefined;
  #maxCmdSN: number | undefined;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(stream: SimStream, cid: number) {
    this.stream = stream;
    this.initiator = new TestInitiator(stream);
    this.cid = cid;
  }

  /** Sends something behind all that was posted before. */
  post(send: (initiator: TestInitiator<SimStream>) => Promise<unknown>): Promise<void> {
    const sent = this.#sending.then(async () => {
      if (!this.isOpen) return;
      try {
        await send(this.initiator);
      } catch {
        this.close(); // the stream was cut
      }
    });
    this.#sending = sent;
    return sent;
  }

  /** Hands the session all that comes, until the stream ends. */
  async run(session: SimSession): Promise<void> {
    try {
      while (this.isOpen) {
        const pdu = await this.initiator.receive();
        if (pdu === null) break;
        this.#checkNumbers(session, pdu);
        session.received(this, pdu);
      }
    } catch (error) {
      if (!this.stream.isClosed) session.wrong(`${error}`);
    }
    this.close();
    session.connectionLost(this);
  }

  close(): void {
    this.isOpen = false;
    this.stream.close();
  }

  #checkNumbers(session: SimSession, pdu: ReceivedPdu): void {
    const { initiator } = this;
    const view = new DataView(pdu.header.buffer, pdu.header.byteOffset);
    const statSN = view.getUint32(24);
    if (usesStatSN(pdu)) {
      if (statSN !== initiator.expStatSN) {
        session.wrong(`StatSN ${statSN} instead of ${initiator.expStatSN} with ${pdu.opcode}`);
      }
      initiator.expStatSN = serialAdd(statSN, 1);
    } else if (pdu.opcode !== Opcode.DATA_IN && statSN !== initiator.expStatSN) {
      session.wrong(`opcode ${pdu.opcode} does not carry the next StatSN`);
    }
    const [expCmdSN, maxCmdSN] = [view.getUint32(28), view.getUint32(32)];
    if (serialLess(maxCmdSN, serialAdd(expCmdSN, -1))) session.wrong("MaxCmdSN below ExpCmdSN - 1");
    if (this.#expCmdSN !== undefined && serialLess(expCmdSN, this.#expCmdSN)) {
      session.wrong("ExpCmdSN moves back");
    }
    if (this.#maxCmdSN !== undefined && serialLess(maxCmdSN, this.#maxCmdSN)) {
      session.wrong("MaxCmdSN moves back");
    }
    this.#expCmdSN = expCmdSN;
    this.#maxCmdSN = maxCmdSN;
    session.sawWindow(maxCmdSN);
  }
}

function usesStatSN(pdu: ReceivedPdu): boolean {
  if (pdu.opcode === Opcode.DATA_IN) return pdu.as(DataIn).hasStatus;
  if (pdu.opcode === Opcode.NOP_IN) return pdu.as(NopIn).initiatorTaskTag !== 0xffffffff;
  return RESPONSES.has(pdu.opcode);
}
