/**
 * The login of one connection as the initiator does it: security stage, operational stage, full
 * feature phase. RFC 7143 6.3. Each request is answered before the next leaves. What the target
 * refuses, or does not do right, is thrown.
 */
import {
  atStage,
  beginNegotiation,
  concludeNegotiation,
  negotiate,
  type Negotiation,
  noteOffers,
  operationalOffers,
} from "../iscsi/negotiation.ts";
import type { Policy } from "../iscsi/keys.ts";
import { Opcode } from "../iscsi/opcode.ts";
import type { ConnectionParameters, SessionParameters } from "../iscsi/parameters.ts";
import { LoginRequest, LoginStage } from "../iscsi/pdu/login_request.ts";
import { type LoginResponse, LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { TextCollector } from "../iscsi/text_collector.ts";
import { TextPieces } from "../iscsi/text_pieces.ts";
import { printable } from "../runtime/printable.ts";
import { KeyValueFault, type Pair } from "../wire/key_values.ts";
import type { View } from "../wire/layout.ts";
import { serialAdd } from "../wire/serial.ts";
import type { AuthenticationExchange } from "./authentication.ts";
import type { Limits } from "./limits.ts";
import { LoginBroken, type LoginFault, LoginRefused } from "./login_error.ts";
import { Redirect } from "./redirect.ts";

/** Octets of a login's data segments, whatever was declared. RFC 7143 13.12. */
export const LOGIN_DATA_LIMIT = 8192;

export interface LoginOptions {
  readonly initiatorName: string;
  readonly initiatorAlias?: string | undefined;
  /** Undefined: discovery. */
  readonly targetName: string | undefined;
  readonly policy: Policy;
  readonly exchange: AuthenticationExchange;
  readonly isid: Uint8Array;
  /** Not zero: of the session that the connection joins, which has these parameters. */
  readonly tsih: number;
  readonly session?: SessionParameters | undefined;
  readonly cid: number;
  readonly cmdSN: number;
  readonly initiatorTaskTag: number;
  readonly limits: Limits;
  /** Who is logged in to, for errors. */
  readonly where: string;
}

export interface LoginOutcome {
  readonly session: SessionParameters;
  readonly connection: ConnectionParameters;
  readonly tsih: number;
  /** The StatSN of the next response. */
  readonly expStatSN: number;
  readonly expCmdSN: number;
  readonly maxCmdSN: number;
  /** Undefined for discovery, and from targets that leave it out. RFC 7143 13.9. */
  readonly targetPortalGroupTag: number | undefined;
  readonly targetAlias: string;
}

export type LoginProgress = "more" | "done" | "redirected";

type LoginResponseView = View<typeof LoginResponse.fields>;

const NO_TEXT = new Uint8Array(0);
const REDIRECT_CLASS = 1;

/** Answers that settle nothing: a target may go on without having heard them. */
const MEANINGLESS = ["Irrelevant", "NotUnderstood"];

/** Offers that come to nothing are an error only where the operator asked for them. */
const INSISTED = [
  { key: "HeaderDigest", name: "header digests", option: "headerDigest" },
  { key: "DataDigest", name: "data digests", option: "dataDigest" },
] as const;

export class Login {
  /** Set when the login is done. */
  outcome: LoginOutcome | undefined;
  /** Set when the target is elsewhere. */
  redirect: Redirect | undefined;
  readonly #options: LoginOptions;
  readonly #writer: PduWriter;
  readonly #collector: TextCollector;
  #negotiation: Negotiation;
  #stage: typeof LoginStage.SECURITY_NEGOTIATION | typeof LoginStage.OPERATIONAL_NEGOTIATION =
    LoginStage.SECURITY_NEGOTIATION;
  /** The stage that our last request asked to move on to. */
  #asked: LoginStage | undefined;
  /** What of our text has not been sent. */
  #pieces = new TextPieces([]);
  #requestCount = 0;
  #expStatSN: number | undefined;

  constructor(options: LoginOptions, writer: PduWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#collector = new TextCollector(options.limits.loginTextLength);
    this.#negotiation = beginNegotiation("initiator", options.session);
  }

  /** Lays out the first request. */
  start(): void {
    const { initiatorName, initiatorAlias, targetName, exchange } = this.#options;
    const pairs: Pair[] = [["InitiatorName", initiatorName]];
    if (initiatorAlias !== undefined) pairs.push(["InitiatorAlias", initiatorAlias]);
    if (targetName === undefined) pairs.push(["SessionType", "Discovery"]);
    else pairs.push(["SessionType", "Normal"], ["TargetName", targetName]);
    this.#negotiation = noteOffers(this.#negotiation, pairs);
    this.#say([...pairs, ...exchange.offer]);
  }

  /** Deals with one response, and lays out the next request if there is one. */
  receive(response: LoginResponseView, data: Uint8Array): LoginProgress {
    const status = (response.statusClass << 8) | response.statusDetail;
    if (response.statusClass === REDIRECT_CLASS) return this.#elsewhere(status, data);
    if (status !== LoginStatus.SUCCESS) throw this.#refusal(status);
    this.#check(response);
    if (response.continue) return this.#collect(data);
    if (!this.#pieces.isDone) {
      if (data.length > 0) this.#break("answers a text before it has all come");
      return this.#send();
    }
    const pairs = this.#collector.take(data);
    if (pairs instanceof KeyValueFault) this.#break(`sends a text that is none: ${pairs.message}`);
    const answers = this.#judge(pairs);
    if (!response.transit) return this.#say(answers);
    const unsettled = answers.find(([, value]) => !MEANINGLESS.includes(value));
    if (unsettled !== undefined) this.#break(`moves on though ${unsettled[0]} is not settled`);
    return this.#moveOn(response);
  }

  #refusal(status: number): LoginRefused {
    const { where, exchange } = this.#options;
    const proves = !exchange.offer.some(([key, value]) => key === "AuthMethod" && value === "None");
    return new LoginRefused(status, where, proves);
  }

  /** RFC 7143 11.13: what a response repeats, and what it may not do. */
  #check(response: LoginResponseView): void {
    const { initiatorTaskTag, isid, tsih } = this.#options;
    if (response.initiatorTaskTag !== initiatorTaskTag) this.#break("answers another login");
    if (!isid.every((octet, i) => octet === response.isid[i])) this.#break("changes the ISID");
    if (tsih !== 0 && response.tsih !== tsih) this.#break("changes the session");
    if (response.versionActive !== 0) this.#break(`speaks version ${response.versionActive}`);
    if (response.currentStage !== this.#stage) {
      this.#break(`is in stage ${response.currentStage} of the login instead of ${this.#stage}`);
    }
    if (response.transit && (response.continue || this.#asked === undefined)) {
      this.#break("moves on in the login without being asked to");
    }
    if (response.transit && response.nextStage !== this.#asked) {
      this.#break(`moves on to stage ${response.nextStage} of the login`);
    }
    if (this.#expStatSN !== undefined && response.statSN !== this.#expStatSN) {
      this.#break(`counts StatSN ${response.statSN} instead of ${this.#expStatSN}`);
    }
    this.#expStatSN = serialAdd(response.statSN, 1);
  }

  /** RFC 7143 11.13.7: until its text is whole, the target is only asked to go on. */
  #collect(data: Uint8Array): LoginProgress {
    if (!this.#collector.add(data)) {
      this.#break(`sends a text of more than ${this.#options.limits.loginTextLength} octets`);
    }
    return this.#request(false, NO_TEXT);
  }

  /** Reads one whole text; answers ours. */
  #judge(pairs: readonly Pair[]): readonly Pair[] {
    const { exchange, policy } = this.#options;
    const result = negotiate(atStage(this.#negotiation, this.#stage), pairs, policy);
    if (result.error !== undefined) this.#break(`negotiates wrongly: ${result.error.message}`);
    this.#negotiation = result.negotiation;
    if (this.#stage !== LoginStage.SECURITY_NEGOTIATION) return result.answers;
    const proof = exchange.receive(result.others);
    if (!isPairs(proof)) {
      const { reason, next = "check the authentication of both sides" } = proof;
      this.#fail("authentication", reason, next);
    }
    return [...result.answers, ...proof];
  }

  /** The target has agreed to the next stage. */
  #moveOn(response: LoginResponseView): LoginProgress {
    if (this.#stage === LoginStage.OPERATIONAL_NEGOTIATION) return this.#finish(response);
    if (!this.#options.exchange.isComplete) {
      this.#fail(
        "authentication",
        "the target moves on without having proved itself",
        "check the mutual CHAP settings of the target",
      );
    }
    this.#stage = LoginStage.OPERATIONAL_NEGOTIATION;
    const offers = operationalOffers(this.#negotiation, this.#options.policy);
    this.#negotiation = noteOffers(this.#negotiation, offers);
    return this.#say(offers);
  }

  #finish(response: LoginResponseView): LoginProgress {
    const { session, connection, settled } = concludeNegotiation(this.#negotiation);
    for (const { key, name, option } of INSISTED) {
      if (this.#options.policy[option][0] !== "CRC32C" || connection[option]) continue;
      const answer = settled.get(key) ?? "nothing";
      const message = `the target does no ${name} (it answers ${key}=CRC32C with ${answer})`;
      this.#fail("agreement", message, `log in without ${name}`);
    }
    if (response.tsih === 0) this.#break("gives the session no handle");
    const tag = settled.get("TargetPortalGroupTag");
    this.outcome = {
      session,
      connection,
      tsih: response.tsih,
      expStatSN: this.#expStatSN!,
      expCmdSN: response.expCmdSN,
      maxCmdSN: response.maxCmdSN,
      targetPortalGroupTag: tag === undefined ? undefined : Number(tag),
      targetAlias: settled.get("TargetAlias") ?? "",
    };
    return "done";
  }

  #elsewhere(status: number, data: Uint8Array): LoginProgress {
    const pairs = this.#collector.take(data);
    const address = pairs instanceof KeyValueFault
      ? undefined
      : pairs.find(([key]) => key === "TargetAddress")?.[1];
    if (address === undefined) {
      this.#fail("redirect", "it redirects without saying where", "name the other portal directly");
    }
    this.redirect = new Redirect(address, status === LoginStatus.TARGET_MOVED_PERMANENTLY);
    return "redirected";
  }

  #say(pairs: readonly Pair[]): LoginProgress {
    this.#pieces = new TextPieces(pairs);
    return this.#send();
  }

  /** Sends as much of our text as fits; with the last of it we ask to move on, if we are ready. */
  #send(): LoginProgress {
    const text = this.#pieces.take(LOGIN_DATA_LIMIT);
    const isReady = this.#pieces.isDone &&
      (this.#stage !== LoginStage.SECURITY_NEGOTIATION || this.#options.exchange.isAnswered);
    return this.#request(isReady, text);
  }

  #request(transit: boolean, text: Uint8Array): LoginProgress {
    const { limits, isid, tsih, cid, cmdSN, initiatorTaskTag } = this.#options;
    if (++this.#requestCount > limits.loginPdus) {
      this.#break(`comes to no end: ${limits.loginPdus} requests were not enough`);
    }
    const isSecurity = this.#stage === LoginStage.SECURITY_NEGOTIATION;
    this.#asked = !transit
      ? undefined
      : isSecurity
      ? LoginStage.OPERATIONAL_NEGOTIATION
      : LoginStage.FULL_FEATURE_PHASE;
    const base = this.#writer.reserve(text.length);
    const request = new LoginRequest(this.#writer.octets, base);
    request.opcode = Opcode.LOGIN_REQUEST;
    request.immediate = true;
    request.transit = transit;
    request.continue = !this.#pieces.isDone;
    request.currentStage = this.#stage;
    request.nextStage = this.#asked ?? 0;
    request.isid = isid;
    request.tsih = tsih;
    request.initiatorTaskTag = initiatorTaskTag;
    request.cid = cid;
    request.cmdSN = cmdSN;
    request.expStatSN = this.#expStatSN ?? 0;
    this.#writer.octets.set(text, this.#writer.dataAt(base));
    this.#writer.seal(base);
    return "more";
  }

  /** The target does what no target may. */
  #break(what: string): never {
    this.#fail("protocol", `the target ${what}`, "update the target's software");
  }

  #fail(fault: LoginFault, message: string, next: string): never {
    throw new LoginBroken(fault, `${this.#options.where}: ${printable(message)}`, next);
  }
}

function isPairs(proof: readonly Pair[] | { readonly reason: string }): proof is readonly Pair[] {
  return Array.isArray(proof);
}
