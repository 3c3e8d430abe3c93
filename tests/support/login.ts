/**
 * Builds Login Requests from key lists, reads the responses, and plays a login without a
 * connection.
 */
import { BHS_LENGTH } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { LoginRequest } from "../../lib/iscsi/pdu/login_request.ts";
import { LoginResponse } from "../../lib/iscsi/pdu/login_response.ts";
import type { Facts, Logger } from "../../lib/runtime/logger.ts";
import type { Random } from "../../lib/runtime/random.ts";
import { AccessList } from "../../lib/target/access_list.ts";
import type { Endpoint } from "../../lib/target/endpoint.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/target/limits.ts";
import { Login, type LoginProgress } from "../../lib/target/login.ts";
import { LunMap } from "../../lib/target/lun_map.ts";
import { TargetNode, type TargetNodeOptions } from "../../lib/target/node.ts";
import { PduWriter } from "../../lib/iscsi/pdu_writer.ts";
import { Target, type TargetOptions } from "../../lib/target/target.ts";
import { BufferPool } from "../../lib/wire/buffer_pool.ts";
import { Outbox } from "../../lib/wire/outbox.ts";
import type { View } from "../../lib/wire/layout.ts";
import { TestClock } from "./test_clock.ts";

export const TARGET = "iqn.2026-01.org.example:disk";
export const INITIATOR = "iqn.2026-01.org.example:host";
export const ISID = Uint8Array.of(0x80, 1, 2, 3, 4, 5);

export const ENDPOINT: Endpoint = {
  localAddress: "192.0.2.1",
  localPort: 3260,
  remoteAddress: "192.0.2.101",
  remotePort: 40_000,
  portalGroupTag: 1,
};

/** Keys in their order; a list where one comes twice. */
export type Keys = Readonly<Record<string, string>> | readonly (readonly [string, string])[];
export type RequestFields = Partial<View<typeof LoginRequest.fields>>;

export const NORMAL: Readonly<Record<string, string>> = {
  InitiatorName: INITIATOR,
  TargetName: TARGET,
};
export const DISCOVERY: Readonly<Record<string, string>> = {
  InitiatorName: INITIATOR,
  SessionType: "Discovery",
};

/** Straight to full feature phase. */
export const STRAIGHT: RequestFields = { transit: true, currentStage: 1, nextStage: 3 };

export function textOf(keys: Keys): Uint8Array {
  const pairs = Array.isArray(keys) ? keys : Object.entries(keys);
  return new TextEncoder().encode(pairs.map(([key, value]) => `${key}=${value}\0`).join(""));
}

/** A whole Login Request, padded. */
export function loginRequest(fields: RequestFields, text: Uint8Array): Uint8Array {
  const octets = new Uint8Array(BHS_LENGTH + ((text.length + 3) & ~3));
  const request = new LoginRequest(octets);
  request.opcode = Opcode.LOGIN_REQUEST;
  request.immediate = true;
  request.isid = ISID;
  request.initiatorTaskTag = 0x0a0b0c0d;
  request.cid = 7;
  request.cmdSN = 0xfffffff0;
  request.dataSegmentLength = text.length;
  Object.assign(request, fields);
  octets.set(text, BHS_LENGTH);
  return octets;
}

/** One Login Response. */
export interface Answer {
  readonly header: View<typeof LoginResponse.fields>;
  readonly status: number;
  readonly text: string;
  /** In their order. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly keys: ReadonlyMap<string, string>;
}

/** Reads every Login Response in `octets`. */
export function readAnswers(octets: Uint8Array): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < octets.length;) {
    const header = new LoginResponse(octets.slice(at, at + BHS_LENGTH));
    const length = header.dataSegmentLength;
    const data = octets.subarray(at + BHS_LENGTH, at + BHS_LENGTH + length);
    answers.push(readAnswer(header, new TextDecoder().decode(data)));
    at += BHS_LENGTH + ((length + 3) & ~3);
  }
  return answers;
}

function readAnswer(header: Answer["header"], text: string): Answer {
  const pairs = readPairs(text);
  const status = (header.statusClass << 8) | header.statusDetail;
  return { header, status, text, pairs, keys: new Map(pairs) };
}

export function readPairs(text: string): (readonly [string, string])[] {
  return text.split("\0").filter((item) => item !== "").map((item) => {
    const equals = item.indexOf("=");
    return [item.slice(0, equals), item.slice(equals + 1)] as const;
  });
}

/** Numbers that a test knows beforehand. */
export class CountingRandom implements Random {
  constructor(public next = 0) {}

  fill<T extends Uint8Array<ArrayBuffer>>(octets: T): T {
    for (let i = 0; i < octets.length; i++) octets[i] = this.next++ & 0xff;
    return octets;
  }

  u32(): number {
    return this.next++ >>> 0;
  }
}

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly facts: Facts;
}

export class LogBook implements Logger {
  readonly lines: LogLine[] = [];

  debug(message: string, facts: Facts = {}): void {
    this.lines.push({ level: "debug", message, facts });
  }

  info(message: string, facts: Facts = {}): void {
    this.lines.push({ level: "info", message, facts });
  }

  warn(message: string, facts: Facts = {}): void {
    this.lines.push({ level: "warn", message, facts });
  }

  error(message: string, facts: Facts = {}): void {
    this.lines.push({ level: "error", message, facts });
  }
}

/** A node with one target that lets everybody in. */
export function testNode(options: Partial<TargetNodeOptions> & {
  readonly limit?: Partial<Limits>;
  readonly target?: Partial<TargetOptions>;
} = {}): TargetNode & { readonly logger: LogBook } {
  const logger = new LogBook();
  const node = new TargetNode({
    clock: new TestClock(),
    random: new CountingRandom(0xfffffffe),
    limits: { ...DEFAULT_LIMITS, ...options.limit },
    ...options,
    logger,
  });
  node.addTarget(testTarget(options.target));
  return Object.assign(node, { logger });
}

export function testTarget(options: Partial<TargetOptions> = {}): Target {
  return new Target({
    name: TARGET,
    access: AccessList.of(["any"]),
    luns: new LunMap(),
    ...options,
  });
}

/** Plays the initiator's part in one login, PDU by PDU. */
export class LoginScript {
  readonly login: Login;
  readonly outbox = new Outbox(new BufferPool(1 << 16, 1 << 16, 1, 1));
  progress: LoginProgress = "more";

  constructor(node: TargetNode, endpoint: Endpoint = ENDPOINT) {
    this.login = new Login(node, endpoint, new PduWriter(this.outbox));
  }

  /** Sends a request with keys; there is exactly one answer. */
  send(fields: RequestFields, keys: Keys = []): Promise<Answer> {
    return this.sendText(fields, textOf(keys));
  }

  async sendText(fields: RequestFields, text: Uint8Array): Promise<Answer> {
    const pdu = loginRequest(fields, text);
    const request = new LoginRequest(pdu);
    this.progress = await this.login.receive(request, pdu.subarray(48, 48 + text.length));
    const answers = readAnswers(this.outbox.drain().slice());
    this.outbox.drained();
    if (answers.length !== 1) throw new Error(`${answers.length} answers to one request`);
    return answers[0]!;
  }
}
