/**
 * The login of one connection: from its first Login Request to full feature phase or refusal. RFC
 * 7143 6.3. Each request gets one response. Texts are put together and read, stages are gone
 * through, and what was agreed on becomes a session, or joins one.
 */
import {
  atStage,
  beginNegotiation,
  negotiate,
  type Negotiation,
  noteOffers,
} from "../iscsi/negotiation.ts";
import type { Policy } from "../iscsi/keys.ts";
import type { ConnectionParameters } from "../iscsi/parameters.ts";
import { LoginStage } from "../iscsi/pdu/login_request.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";
import { hostAndPort } from "../iscsi/portal_address.ts";
import { printable } from "../runtime/printable.ts";
import { KeyValueFault, type Pair } from "../wire/key_values.ts";
import { serialAdd } from "../wire/serial.ts";
import { Authentication, type AuthenticationPolicy } from "./authentication.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Established, establishSession, sessionToJoin } from "./establish_session.ts";
import {
  accessRequest,
  type Admission,
  admitOnceKnown,
  type LoginClaim,
  readClaim,
} from "./login_admission.ts";
import {
  headerFault,
  type LoginHeader,
  type LoginRequestView,
  readLoginHeader,
} from "./login_header.ts";
import { loginPolicy } from "./login_policy.ts";
import { LoginRefusal } from "./login_refusal.ts";
import { type LoginAnswer, LoginResponses } from "./login_responses.ts";
import type { TargetNode } from "./node.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";
import { TextCollector } from "../iscsi/text_collector.ts";
import { TextPieces } from "../iscsi/text_pieces.ts";

/** Octets of a login's data segments, whatever was declared. RFC 7143 13.12. */
export const LOGIN_DATA_LIMIT = 8192;

/** "refused": what is laid out still leaves, then the connection ends. */
export type LoginProgress = "more" | "done" | "refused";

export interface LoginOutcome {
  readonly session: Session;
  readonly cid: number;
  readonly parameters: ConnectionParameters;
  /** The entry of the access list that let it in; undefined for discovery. */
  readonly rule: string | undefined;
  /** The StatSN of the next response. */
  readonly statSN: number;
}

/** What the first text led to. */
interface Opening {
  readonly claim: LoginClaim;
  /** Undefined for discovery. */
  readonly target: Target | undefined;
  readonly authentication: Authentication;
  readonly authenticationPolicy: AuthenticationPolicy;
  /** The entry of the access list that lets it in. */
  readonly rule: string | undefined;
  /** The session that this connection is to join. */
  readonly joined: Session | undefined;
}

const NO_TEXT = new Uint8Array(0);

export class Login {
  /** Set when the login is done. */
  outcome: LoginOutcome | undefined;
  readonly #node: TargetNode;
  readonly #endpoint: Endpoint;
  readonly #responses: LoginResponses;
  readonly #policy: Policy;
  readonly #collector: TextCollector;
  #requestCount = 0;
  /** Of the first request: what must not change, and where CmdSN begins. */
  #first: LoginHeader | undefined;
  #stage = 0;
  #opening: Opening | undefined;
  #negotiation = beginNegotiation("target");
  /** Keys that we have said unasked, once. */
  readonly #declared = new Set<string>();
  /** An answer that did not fit in one response. */
  #pieces: TextPieces | undefined;
  /** The names as they came, for the log. */
  #claimed: ReadonlyMap<string, string> = new Map();
  #isCancelled = false;
  /** What the login came to, whether or not a connection of it has taken its place. */
  #session: Session | undefined;

  constructor(node: TargetNode, endpoint: Endpoint, writer: PduWriter) {
    this.#node = node;
    this.#endpoint = endpoint;
    this.#policy = loginPolicy(node.limits);
    this.#collector = new TextCollector(node.limits.textLength);
    this.#responses = new LoginResponses(writer, node.random.u32());
  }

  /**
   * Deals with one request and lays out its response; a promise while it is found out who asks, or
   * while an old session is ended.
   */
  receive(request: LoginRequestView, data: Uint8Array): LoginProgress | Promise<LoginProgress> {
    const header = readLoginHeader(request);
    if (this.#first === undefined) {
      this.#first = header;
      this.#stage = header.currentStage;
    }
    const fault = this.#overLimit() ?? headerFault(header, this.#first, this.#stage);
    if (fault !== undefined) return this.#refuse(fault);
    if (this.#pieces !== undefined) return this.#continue(this.#pieces, header, data);
    if (header.continue) return this.#collect(data);
    const pairs = this.#collector.take(data);
    if (pairs instanceof KeyValueFault) {
      return this.#refuse(new LoginRefusal(LoginStatus.INITIATOR_ERROR, pairs.message));
    }
    const opening = this.#opening ?? this.#open(pairs, header);
    return opening instanceof Promise
      ? opening.then((late) => this.#goOn(late, pairs, header))
      : this.#goOn(opening, pairs, header);
  }

  /** Goes on with one whole text, once it is known who asks for what. */
  #goOn(
    opening: Opening | LoginRefusal,
    pairs: readonly Pair[],
    header: LoginHeader,
  ): LoginProgress | Promise<LoginProgress> {
    if (this.#isCancelled) return "refused";
    const answers = opening instanceof LoginRefusal ? opening : this.#judge(opening, pairs, header);
    if (answers instanceof LoginRefusal) return this.#refuse(answers);
    return this.#answer(new TextPieces(answers), header);
  }

  /** The connection is gone: nothing more is laid out, and a session that comes late ends. */
  cancel(): void {
    this.#isCancelled = true;
    this.#collector.clear();
    if (this.#session?.connections.size === 0) {
      this.#session.terminate("its login was not completed");
    }
  }

  #overLimit(): LoginRefusal | undefined {
    const { loginPdus } = this.#node.limits;
    if (++this.#requestCount <= loginPdus) return undefined;
    return new LoginRefusal(LoginStatus.OUT_OF_RESOURCES, `more than ${loginPdus} login requests`);
  }

  /** Keeps a fragment. RFC 7143 11.12.2: the answer is empty until the last one has come. */
  #collect(data: Uint8Array): LoginProgress {
    if (!this.#collector.add(data)) {
      const reason = `text of more than ${this.#node.limits.textLength} octets`;
      return this.#refuse(new LoginRefusal(LoginStatus.OUT_OF_RESOURCES, reason));
    }
    this.#respond({});
    return "more";
  }

  /** Sends more of an answer. RFC 7143 11.13.7: the initiator sends nothing meanwhile. */
  #continue(
    pieces: TextPieces,
    header: LoginHeader,
    data: Uint8Array,
  ): LoginProgress | Promise<LoginProgress> {
    if (data.length === 0 && !header.continue) return this.#answer(pieces, header);
    const reason = "a text before the end of the answer to the one before";
    return this.#refuse(new LoginRefusal(LoginStatus.INVALID_DURING_LOGIN, reason));
  }

  /** Reads one whole text; answers ours, or why the login ends. */
  #judge(
    opening: Opening,
    pairs: readonly Pair[],
    header: LoginHeader,
  ): readonly Pair[] | LoginRefusal {
    const isFirst = this.#opening === undefined;
    this.#opening = opening;
    const { authentication, claim } = opening;
    const isSecurity = this.#stage === LoginStage.SECURITY_NEGOTIATION;
    if (!isSecurity && !authentication.isComplete) return authentication.refusal;
    const result = negotiate(atStage(this.#negotiation, stageOf(this.#stage)), pairs, this.#policy);
    if (result.error !== undefined) {
      const rejected = result.answers.filter(([, value]) => value === "Reject");
      return new LoginRefusal(result.error.status, result.error.message, "protocol", rejected);
    }
    if (!isFirst && result.negotiation.sessionType !== claim.sessionType) {
      return new LoginRefusal(LoginStatus.INITIATOR_ERROR, "SessionType came too late");
    }
    this.#negotiation = result.negotiation;
    const proof = authentication.receive(result.others);
    if (proof instanceof LoginRefusal) return proof;
    // Who asks to move on and brings nothing that could prove it will not do so later either.
    if (header.transit && !authentication.isComplete && result.others.length === 0) {
      return authentication.refusal;
    }
    return [...proof, ...result.answers, ...this.#declare(opening)];
  }

  /** Reads from the first text who wants what. */
  #open(
    pairs: readonly Pair[],
    header: LoginHeader,
  ): Opening | LoginRefusal | Promise<Opening | LoginRefusal> {
    this.#claimed = new Map(pairs);
    const claim = readClaim(pairs);
    if (claim instanceof LoginRefusal) return claim;
    const admission = admitOnceKnown(this.#node, claim, this.#endpoint);
    return admission instanceof Promise
      ? admission.then((late) => this.#opened(claim, late, header))
      : this.#opened(claim, admission, header);
  }

  #opened(
    claim: LoginClaim,
    admission: Admission | LoginRefusal,
    header: LoginHeader,
  ): Opening | LoginRefusal {
    if (admission instanceof LoginRefusal) return admission;
    const request = accessRequest(claim.initiatorName, this.#endpoint);
    const authenticationPolicy = admission.authentication;
    const authentication = new Authentication(authenticationPolicy.methods(request));
    let joined: Session | undefined;
    if (header.tsih !== 0) {
      const session = sessionToJoin(this.#node, { header, claim, endpoint: this.#endpoint });
      if (session instanceof LoginRefusal) return session;
      joined = session;
      this.#negotiation = beginNegotiation("target", session.parameters);
      this.#negotiation = { ...this.#negotiation, sessionType: claim.sessionType };
    }
    const { target, rule } = admission;
    return { claim, target, authentication, authenticationPolicy, rule, joined };
  }

  /** What we say unasked. */
  #declare({ target, authentication }: Opening): readonly Pair[] {
    if (target === undefined) return [];
    // 13.9: with the first answer of a login to a target. A stranger is told no more than that.
    const wanted: Pair[] = [["TargetPortalGroupTag", String(this.#endpoint.portalGroupTag)]];
    if (target.alias !== "" && authentication.isComplete) {
      wanted.push(["TargetAlias", target.alias]);
    }
    const pairs = wanted.filter(([key]) => !this.#declared.has(key));
    for (const [key] of pairs) this.#declared.add(key);
    this.#negotiation = noteOffers(this.#negotiation, pairs);
    return pairs;
  }

  /** Sends as much of an answer as fits; with the last of it the login moves on, if asked to. */
  #answer(pieces: TextPieces, header: LoginHeader): LoginProgress | Promise<LoginProgress> {
    const text = pieces.take(LOGIN_DATA_LIMIT);
    this.#pieces = pieces.isDone ? undefined : pieces;
    if (this.#pieces !== undefined || !header.transit || !this.#mayMoveOn) {
      this.#respond({ continue: this.#pieces !== undefined, text });
      return "more";
    }
    if (header.nextStage === LoginStage.FULL_FEATURE_PHASE) return this.#finish(text);
    this.#respond({ transit: true, nextStage: header.nextStage, text });
    this.#stage = header.nextStage;
    return "more";
  }

  get #mayMoveOn(): boolean {
    return this.#opening?.authentication.isComplete ?? false;
  }

  #finish(text: Uint8Array): LoginProgress | Promise<LoginProgress> {
    const { claim, target, authentication, authenticationPolicy } = this.#opening!;
    const established = establishSession(this.#node, {
      header: this.#first!,
      claim,
      target,
      authentication: authenticationPolicy,
      endpoint: this.#endpoint,
      initiatorAlias: this.#negotiation.settled.get("InitiatorAlias") ?? "",
      identity: authentication.identity,
      parameters: this.#negotiation.session,
    });
    return established instanceof Promise
      ? established.then((late) => this.#conclude(late, text))
      : this.#conclude(established, text);
  }

  #conclude(established: Established, text: Uint8Array): LoginProgress {
    if (this.#isCancelled) {
      if (!(established instanceof LoginRefusal) && established.connections.size === 0) {
        established.terminate("its connection was gone before the login ended");
      }
      return "refused";
    }
    const { joined, rule } = this.#opening!;
    if (established instanceof LoginRefusal) {
      // The connection that this one was to replace has been ended for it.
      if (joined?.connections.size === 0) joined.terminate("its last connection was not replaced");
      return this.#refuse(established);
    }
    if (joined !== undefined && joined !== established) return this.#refuse(ended());
    this.#session = established;
    const { tsih } = established;
    this.#respond({ transit: true, nextStage: LoginStage.FULL_FEATURE_PHASE, tsih, text });
    this.outcome = {
      session: established,
      cid: this.#first!.cid,
      parameters: this.#negotiation.connection,
      rule: this.#opening!.rule,
      statSN: this.#responses.statSN,
    };
    this.#note(LoginStatus.SUCCESS, "");
    const user = this.#opening!.authentication.identity;
    this.#node.logger.info("logged in", { ...this.#facts(), tsih, user, rule });
    this.#forget();
    return "done";
  }

  #refuse(refusal: LoginRefusal): LoginProgress {
    const { status, reason, why, answers } = refusal;
    this.#respond({ status, text: new TextPieces(answers).take(LOGIN_DATA_LIMIT) });
    this.#note(status, reason, why);
    this.#node.strangerLogger.warn("login refused", {
      ...this.#facts(),
      status: `0x${status.toString(16).padStart(4, "0")}`,
      reason: printable(reason),
    });
    this.#forget();
    return "refused";
  }

  /** The connection may last for months; what its login needed need not. */
  #forget(): void {
    this.#collector.clear();
    this.#opening = undefined;
    this.#negotiation = beginNegotiation("target");
    this.#claimed = new Map();
  }

  #note(status: LoginStatus, reason: string, why?: LoginRefusal["why"]): void {
    this.#node.noteLogin({
      initiatorName: this.#claimed.get("InitiatorName"),
      targetName: this.#claimed.get("TargetName"),
      remoteAddress: this.#endpoint.remoteAddress,
      status,
      reason,
      why,
      rule: this.#opening?.rule,
    });
  }

  /** Who, from where, to what: once for each login, since its connection ends with a refusal. */
  #facts(): Readonly<Record<string, string | number | undefined>> {
    const initiator = this.#claimed.get("InitiatorName");
    const target = this.#claimed.get("TargetName");
    return {
      initiator: initiator === undefined ? undefined : printable(initiator),
      target: target === undefined ? undefined : printable(target),
      peer: hostAndPort(this.#endpoint.remoteAddress, this.#endpoint.remotePort),
    };
  }

  #respond(answer: Partial<LoginAnswer>): void {
    const first = this.#first!;
    const window = this.#opening?.joined?.window;
    this.#responses.add(first, {
      transit: false,
      continue: false,
      currentStage: this.#stage,
      nextStage: 0,
      tsih: first.tsih,
      status: LoginStatus.SUCCESS,
      text: NO_TEXT,
      // 11.12.8: a login takes no CmdSN, so the first command carries the same one.
      expCmdSN: window?.expCmdSN ?? first.cmdSN,
      maxCmdSN: window?.maxCmdSN ??
        serialAdd(first.cmdSN, this.#node.limits.commandsOfSession - 1),
      ...answer,
    });
  }
}

function stageOf(stage: number): Negotiation["stage"] {
  return stage === LoginStage.SECURITY_NEGOTIATION ? stage : LoginStage.OPERATIONAL_NEGOTIATION;
}

function ended(): LoginRefusal {
  const reason = "the session ended during login";
  return new LoginRefusal(LoginStatus.SESSION_DOES_NOT_EXIST, reason, "changed");
}
