/** An iSCSI initiator node: its name, and what the outside gives it. RFC 7143 4.2.1. */
import { ChallengeIssuer } from "../iscsi/chap/challenge.ts";
import { normaliseName } from "../iscsi/name.ts";
import type { DialOptions } from "../net/dial_tcp.ts";
import type { Dialled } from "../net/dialled.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Random } from "../runtime/random.ts";
import { BufferPool } from "../wire/buffer_pool.ts";
import { Fallbacks } from "./fallbacks.ts";
import type { Limits } from "./limits.ts";
import type { PortalAddress } from "../iscsi/portal_address.ts";

/** Connects to a portal; fails with Unreachable. */
export type Dial = (portal: PortalAddress, options: DialOptions) => Promise<Dialled>;

export interface InitiatorNodeOptions {
  readonly name: string;
  readonly alias?: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly dial: Dial;
}

/** Two of them, one being filled and one being written, stay in a core's cache. */
const SEND_BUFFER_LENGTH = 288 << 10;
const LEAN_SEND_BUFFER_LENGTH = 64 << 10;
const RECEIVE_BUFFER_LENGTH = 512 << 10;
const LENT_BUFFERS = 64;
const KEPT_BUFFERS = 16;
/** Header, additional header segments, padding, digests. */
const FRAME_OVERHEAD = 2048;

/** RFC 7143 11.12.5: the type of ISID whose other octets are random. */
const RANDOM_ISID = 0x80;

export class InitiatorNode {
  readonly name: string;
  readonly alias: string | undefined;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly dial: Dial;
  readonly receiveBuffers: BufferPool;
  readonly sendBuffers: BufferPool;
  /** Those that we challenge targets with. */
  readonly challenges: ChallengeIssuer;
  /** Of authentication, by targets that need them. */
  readonly fallbacks: Fallbacks = new Fallbacks();

  constructor(options: InitiatorNodeOptions) {
    this.name = normaliseName(options.name);
    this.alias = options.alias;
    this.limits = options.limits;
    this.clock = options.clock;
    this.random = options.random;
    this.logger = options.logger;
    this.dial = options.dial;
    this.challenges = new ChallengeIssuer(options.random);
    const frame = this.limits.maxRecvDataSegmentLength + FRAME_OVERHEAD;
    const length = Math.max(RECEIVE_BUFFER_LENGTH, frame);
    this.receiveBuffers = new BufferPool(length, frame, LENT_BUFFERS, KEPT_BUFFERS);
    this.sendBuffers = new BufferPool(
      SEND_BUFFER_LENGTH,
      LEAN_SEND_BUFFER_LENGTH,
      LENT_BUFFERS,
      KEPT_BUFFERS,
    );
  }

  /** An ISID that no other session is likely to have. */
  makeIsid(): Uint8Array {
    const isid = this.random.fill(new Uint8Array(6));
    isid[0] = RANDOM_ISID;
    return isid;
  }
}
