/**
 * The negotiation of text keys as a fold: the keys that the peer sent go in, our answers and the
 * parameters so far come out. RFC 7143 6.2. Both sides use it. Nothing is changed in place, so what
 * was negotiated in a login that fails leaves no trace.
 */
import type { Pair } from "../wire/key_values.ts";
import {
  keyRank,
  type KeyRow,
  keyRow,
  KEYS,
  type Policy,
  type Role,
  type SessionType,
} from "./keys.ts";
import { parseNumber } from "./number_value.ts";
import {
  CONNECTION_DEFAULTS,
  type ConnectionParameters,
  SESSION_DEFAULTS,
  type SessionParameters,
} from "./parameters.ts";
import { LoginStage } from "./pdu/login_request.ts";
import { LoginStatus } from "./pdu/login_response.ts";

/** Where a negotiation stands. */
export interface Negotiation {
  /** Which side we are. */
  readonly role: Role;
  readonly stage: LoginStage;
  /** Whether this is the first connection of its session. */
  readonly isLeading: boolean;
  readonly sessionType: SessionType;
  /** What we sent of our own accord and have no answer to. */
  readonly offered: ReadonlyMap<string, string>;
  /**
   * Every key that the peer brought up, with what came of it: shown to users, and refused twice.
   */
  readonly settled: ReadonlyMap<string, string>;
  readonly session: SessionParameters;
  readonly connection: ConnectionParameters;
}

/** Why a negotiation failed; a target answers the status, an initiator tells its user. */
export interface NegotiationError {
  readonly status: LoginStatus;
  readonly message: string;
}

export interface Negotiated {
  /** The negotiation as it stands now; as it stood before when there is an error. */
  readonly negotiation: Negotiation;
  /** What we say now: our answers, in the order of the offers, then our own declarations. */
  readonly answers: readonly Pair[];
  /** Keys for the caller to deal with: AuthMethod, CHAP_*, SendTargets. */
  readonly others: readonly Pair[];
  readonly error?: NegotiationError;
}

const MAX_RECV = "MaxRecvDataSegmentLength";
const FIRST_BURST = "FirstBurstLength";
const MAX_BURST = "MaxBurstLength";

/** RFC 7143 6.2: these are answers; nobody may offer them. */
const RESERVED_WORDS = ["NotUnderstood", "Irrelevant", "Reject"];

/** Begins a login; `session` is given when a further connection joins one. */
export function beginNegotiation(role: Role, session?: SessionParameters): Negotiation {
  return {
    role,
    stage: LoginStage.SECURITY_NEGOTIATION,
    isLeading: session === undefined,
    sessionType: "Normal",
    offered: new Map(),
    settled: new Map(),
    session: session ?? SESSION_DEFAULTS,
    connection: CONNECTION_DEFAULTS,
  };
}

/** The same negotiation in another stage of login. */
export function atStage(negotiation: Negotiation, stage: LoginStage): Negotiation {
  return { ...negotiation, stage };
}

/** Begins an exchange of Text PDUs in full feature phase, where some keys may be said anew. */
export function renegotiate(negotiation: Negotiation): Negotiation {
  const stage = LoginStage.FULL_FEATURE_PHASE;
  return { ...negotiation, stage, offered: new Map(), settled: new Map() };
}

/** Takes note of what we send of our own accord, so that an answer to it is known for one. */
export function noteOffers(negotiation: Negotiation, pairs: readonly Pair[]): Negotiation {
  const draft = draftOf(negotiation);
  for (const [key, value] of pairs) {
    draft.offered.set(key, value);
    if (key === "SessionType") draft.sessionType = sessionTypeOf(value);
    if (key === MAX_RECV) {
      draft.connection = { ...draft.connection, ownMaxRecvDataSegmentLength: Number(value) };
    }
  }
  return draft;
}

/** What an initiator offers at the operational stage: all that matters to this kind of session. */
export function operationalOffers(negotiation: Negotiation, policy: Policy): readonly Pair[] {
  const pairs: Pair[] = [[MAX_RECV, String(policy.maxRecvDataSegmentLength)]];
  for (const row of KEYS) {
    if (row.wish === undefined || (row.use === "leading" && !negotiation.isLeading)) continue;
    if (row.isIrrelevant?.(negotiation.sessionType, policy)) continue;
    const wish = policy[row.wish];
    const most = row.key === FIRST_BURST ? Math.min(Number(wish), policy.maxBurstLength) : wish;
    pairs.push([row.key, textOf(most)]);
  }
  return pairs;
}

/** Takes the keys of one whole text of the peer: all its fragments, or none where it was empty. */
export function negotiate(
  negotiation: Negotiation,
  pairs: readonly Pair[],
  policy: Policy,
): Negotiated {
  const draft = draftOf(negotiation);
  const answers = new Map<string, string>();
  let error = brokenBursts(new Map(pairs));
  for (const [key, value] of inOrderOfJudgement(pairs)) {
    if (error !== undefined) break;
    const verdict = judge(draft, key, value, policy);
    if (verdict.answer !== undefined) answers.set(key, verdict.answer);
    error = verdict.error;
  }
  error ??= brokenBursts(draft.settled);
  const answered = pairs.flatMap(([key]): Pair[] => {
    const answer = answers.get(key);
    return answer === undefined ? [] : [[key, answer]];
  });
  if (error !== undefined) return { negotiation, answers: answered, others: [], error };
  keepFirstBurstInMaxBurst(draft);
  const declarations = ownDeclarations(draft, policy);
  return {
    negotiation: noteOffers(draft, declarations),
    answers: [...answered, ...declarations],
    others: pairs.filter(([key]) => keyRow(key)?.isHandledElsewhere === true && !answers.has(key)),
  };
}

/**
 * Closes an initiator's login. An offer that has no answer leaves the default, unless it settles
 * the result by itself, where the answer is optional: RFC 7143 6.2.2.
 */
export function concludeNegotiation(negotiation: Negotiation): Negotiation {
  const draft = draftOf(negotiation);
  for (const [key, offer] of negotiation.offered) {
    const row = keyRow(key);
    if (row === undefined || row.rule.isDeclared || draft.settled.has(key)) continue;
    if (row.rule.settles(offer)) settle(draft, row, offer);
  }
  draft.offered.clear();
  keepFirstBurstInMaxBurst(draft);
  return draft;
}

/** A negotiation while one text is being judged; dropped if that fails. */
type Draft =
  & { -readonly [K in Exclude<keyof Negotiation, "offered" | "settled">]: Negotiation[K] }
  & { readonly offered: Map<string, string>; readonly settled: Map<string, string> };

function draftOf(negotiation: Negotiation): Draft {
  return {
    ...negotiation,
    offered: new Map(negotiation.offered),
    settled: new Map(negotiation.settled),
  };
}

/** What one key led to besides a change of the draft. */
interface Verdict {
  readonly answer?: string;
  readonly error?: NegotiationError;
}

const SILENCE: Verdict = {};

function failed(message: string, answer?: string): Verdict {
  const error = { status: LoginStatus.INITIATOR_ERROR, message };
  return answer === undefined ? { error } : { error, answer };
}

function judge(draft: Draft, key: string, value: string, policy: Policy): Verdict {
  // RFC 7143 6.2: no key is negotiated or declared twice in one login
  if (draft.settled.has(key)) return failed(`${key} came twice`);
  const row = keyRow(key);
  const isReserved = RESERVED_WORDS.includes(value);
  if (row?.isHandledElsewhere === true) {
    draft.settled.set(key, "");
    return misplaced(draft, row) ?? SILENCE;
  }
  const offer = draft.offered.get(key);
  if (isReserved && offer === undefined) {
    return failed(`${key}=${value} answers nothing that was offered`);
  }
  if (row === undefined) return answered(draft, key, "NotUnderstood");
  if (row.rule.isDeclared) {
    return isReserved ? SILENCE : misplaced(draft, row) ?? judgeDeclaration(draft, row, value);
  }
  if (offer !== undefined) return judgeAnswer(draft, row, offer, value);
  return misplaced(draft, row) ?? judgeOffer(draft, row, value, policy);
}

/** Says what is wrong with a key here and now, if anything is. */
function misplaced(draft: Draft, row: KeyRow): Verdict | undefined {
  if (row.senders === draft.role) {
    return failed(`${row.key} is for the ${draft.role} to say, not for its peer`);
  }
  if (draft.stage === LoginStage.FULL_FEATURE_PHASE) {
    if (row.use === "any" || row.use === "full-feature") return undefined;
    // a negotiation that fails here leaves what was agreed, and the connection: RFC 7143 7
    return answered(draft, row.key, "Reject");
  }
  const stage = draft.stage === LoginStage.SECURITY_NEGOTIATION ? "security" : "operational";
  if (row.stage === "either" || row.stage === stage) return undefined;
  return failed(`${row.key} has no place in the ${stage} stage of login`);
}

/** Says a word that stands for "no value". */
function answered(draft: Draft, key: string, answer: string): Verdict {
  draft.settled.set(key, answer);
  return { answer };
}

function judgeAnswer(draft: Draft, row: KeyRow, offer: string, value: string): Verdict {
  // whatever the reason, no value was found, so what held before still holds
  if (RESERVED_WORDS.includes(value)) draft.settled.set(row.key, value);
  else if (row.rule.admits(offer, value)) settle(draft, row, value);
  else return failed(`${row.key}=${value} is no answer to the offer ${row.key}=${offer}`);
  draft.offered.delete(row.key);
  return SILENCE;
}

function judgeDeclaration(draft: Draft, row: KeyRow, value: string): Verdict {
  if (row.rule.read(value) === undefined) return failed(`${row.key}=${value} is not admissible`);
  if (row.use === "leading" && !draft.isLeading && value !== draft.sessionType) {
    return failed(`${row.key}=${value} cannot change in an existing session`);
  }
  settle(draft, row, value);
  return SILENCE;
}

function judgeOffer(draft: Draft, row: KeyRow, value: string, policy: Policy): Verdict {
  if (row.isIrrelevant?.(draft.sessionType, draft.session)) {
    return answered(draft, row.key, "Irrelevant");
  }
  const standing = standingValue(draft, row);
  const answer = row.rule.answer(value, standing ?? wishFor(draft, row, policy));
  if (answer === undefined) return failed(`${row.key}=${value} is not acceptable`, "Reject");
  if (standing !== undefined && answer !== standing) {
    return failed(`${row.key}=${value} cannot change in an existing session`, "Reject");
  }
  settle(draft, row, answer);
  return { answer };
}

/** What the leading connection agreed on, where this is another one. */
function standingValue(draft: Draft, row: KeyRow): string | undefined {
  if (draft.isLeading || row.wish === undefined || !isSessionParameter(row.wish)) return undefined;
  return textOf(draft.session[row.wish]);
}

/** What we want of a key, as text; an obsolete key has its answer ready. */
function wishFor(draft: Draft, row: KeyRow, policy: Policy): string {
  if (row.wish === undefined) return "";
  if (row.key !== FIRST_BURST) return textOf(policy[row.wish]);
  // RFC 7143 13.14: never above MaxBurstLength, nor above what that may still become
  const { firstBurstLength, maxBurstLength } = policy;
  return textOf(Math.min(firstBurstLength, maxBurstLength, draft.session.maxBurstLength));
}

function textOf(value: Policy[keyof Policy]): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  return typeof value === "object" ? value.join(",") : String(value);
}

function isSessionParameter(name: string): name is keyof SessionParameters {
  return Object.hasOwn(SESSION_DEFAULTS, name);
}

function isDigest(name: string): name is "headerDigest" | "dataDigest" {
  return name === "headerDigest" || name === "dataDigest";
}

function sessionTypeOf(text: string): SessionType {
  return text === "Discovery" ? text : "Normal";
}

/** Puts a result where it belongs. */
function settle(draft: Draft, row: KeyRow, text: string): void {
  draft.settled.set(row.key, text);
  const value = row.rule.read(text);
  if (row.key === "SessionType") draft.sessionType = sessionTypeOf(text);
  if (row.key === MAX_RECV) {
    draft.connection = { ...draft.connection, peerMaxRecvDataSegmentLength: Number(value) };
  }
  if (row.wish === undefined) return;
  if (isSessionParameter(row.wish)) draft.session = { ...draft.session, [row.wish]: value };
  if (isDigest(row.wish)) {
    draft.connection = { ...draft.connection, [row.wish]: text === "CRC32C" };
  }
}

function inOrderOfJudgement(pairs: readonly Pair[]): readonly Pair[] {
  return pairs.toSorted(([a], [b]) => keyRank(a) - keyRank(b));
}

/** RFC 7143 13.14: FirstBurstLength must not exceed MaxBurstLength where both are stated. */
function brokenBursts(stated: ReadonlyMap<string, string>): NegotiationError | undefined {
  const first = parseNumber(stated.get(FIRST_BURST) ?? "");
  const most = parseNumber(stated.get(MAX_BURST) ?? "");
  if (first === undefined || most === undefined || first <= most) return undefined;
  const message = `${FIRST_BURST}=${first} exceeds ${MAX_BURST}=${most}`;
  return { status: LoginStatus.INITIATOR_ERROR, message };
}

/** A default that nobody spoke of gives way to what was agreed. */
function keepFirstBurstInMaxBurst(draft: Draft): void {
  const { firstBurstLength, maxBurstLength } = draft.session;
  if (firstBurstLength <= maxBurstLength) return;
  draft.session = { ...draft.session, firstBurstLength: maxBurstLength };
}

/** What a target says unasked, once, as soon as the stage allows it. */
function ownDeclarations(draft: Draft, policy: Policy): readonly Pair[] {
  if (draft.role !== "target" || draft.stage !== LoginStage.OPERATIONAL_NEGOTIATION) return [];
  if (draft.offered.has(MAX_RECV)) return [];
  return [[MAX_RECV, String(policy.maxRecvDataSegmentLength)]];
}
