/** Lays out the Login Responses of one connection. RFC 7143 11.13. */
import { Opcode } from "../iscsi/opcode.ts";
import { LoginResponse, type LoginStatus } from "../iscsi/pdu/login_response.ts";
import { serialAdd } from "../wire/serial.ts";
import { type LoginHeader, VERSION } from "./login_header.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";

/** What differs from response to response. */
export interface LoginAnswer {
  readonly transit: boolean;
  readonly continue: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly tsih: number;
  readonly status: LoginStatus;
  readonly text: Uint8Array;
  readonly expCmdSN: number;
  readonly maxCmdSN: number;
}

export class LoginResponses {
  readonly #writer: PduWriter;
  #statSN: number;

  /** StatSN begins anywhere, the initiator takes what comes first. RFC 7143 11.13.4. */
  constructor(writer: PduWriter, statSN: number) {
    this.#writer = writer;
    this.#statSN = statSN;
  }

  /** The StatSN that comes next. */
  get statSN(): number {
    return this.#statSN;
  }

  /** Answers a request of the login that `first` began. */
  add(first: LoginHeader, answer: LoginAnswer): void {
    const base = this.#writer.reserve(answer.text.length);
    const response = new LoginResponse(this.#writer.octets, base);
    response.opcode = Opcode.LOGIN_RESPONSE;
    response.transit = answer.transit;
    response.continue = answer.continue;
    response.currentStage = answer.currentStage;
    response.nextStage = answer.nextStage;
    response.versionMax = VERSION;
    response.versionActive = VERSION;
    response.isid = first.isid;
    response.tsih = answer.tsih;
    response.initiatorTaskTag = first.initiatorTaskTag;
    response.statSN = this.#statSN;
    response.expCmdSN = answer.expCmdSN;
    response.maxCmdSN = answer.maxCmdSN;
    response.statusClass = answer.status >>> 8;
    response.statusDetail = answer.status & 0xff;
    this.#writer.octets.set(answer.text, this.#writer.dataAt(base));
    this.#writer.seal(base);
    this.#statSN = serialAdd(this.#statSN, 1);
  }
}
