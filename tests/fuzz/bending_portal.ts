/**
 * A portal before an honest target: it passes on what initiators say, and bends some of what the
 * target answers. What reads find must be what the target holds, for only that can be told from it
 * which is nothing but wrong.
 */
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { LoginResponse } from "../../lib/iscsi/pdu/login_response.ts";
import type { Chance } from "../support/chance.ts";
import { readPairs } from "../support/login.ts";
import { bend } from "./bend.ts";
import { isGone } from "./fuzz_peer.ts";
import { PduStream, type SentPdu } from "./pdu_stream.ts";

const FULL_FEATURE_PHASE = 3;

export class BendingPortal {
  /** In how many of a thousand PDUs something is wrong: in login and discovery, and later. */
  loginMalice = 0;
  malice = 0;
  pduCount = 0;
  bentCount = 0;
  connectionCount = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #targetPort: number;
  readonly #chance: Chance;
  readonly #relays = new Set<Relay>();
  readonly #accepting: Promise<void>;

  /** Before the target that listens on this port of 127.0.0.1. */
  constructor(targetPort: number, chance: Chance) {
    this.#targetPort = targetPort;
    this.#chance = chance;
    this.#accepting = this.#accept();
  }

  /** `127.0.0.1:PORT`. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async #accept(): Promise<void> {
    for await (const initiator of this.#listener) {
      this.connectionCount++;
      const target = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
      const relay = new Relay(initiator, target, (pdu, own) => this.#pass(pdu, own));
      this.#relays.add(relay);
      relay.run().finally(() => this.#relays.delete(relay));
    }
  }

  #pass({ octets }: SentPdu, relay: Relay): Uint8Array {
    this.pduCount++;
    const malice = relay.isLoggedIn ? this.malice : this.loginMalice;
    if (this.#chance.below(1000) >= malice) return octets;
    this.bentCount++;
    return bend(octets, this.#chance, relay, { isPlain: relay.isLoggedIn });
  }

  async stop(): Promise<void> {
    this.#listener.close();
    for (const relay of this.#relays) relay.close();
    await this.#accepting;
  }
}

/** One connection, and the one to the target behind it. */
class Relay {
  headerDigest = false;
  dataDigest = false;
  isLoggedIn = false;
  /** What the target has said in the login. */
  readonly #keys = new Map<string, string>();
  readonly #initiator: Deno.TcpConn;
  readonly #target: Deno.TcpConn;
  readonly #pass: (pdu: SentPdu, relay: Relay) => Uint8Array;

  constructor(
    initiator: Deno.TcpConn,
    target: Deno.TcpConn,
    pass: (pdu: SentPdu, relay: Relay) => Uint8Array,
  ) {
    this.#initiator = initiator;
    this.#target = target;
    this.#pass = pass;
  }

  /** Until either side ends it. */
  async run(): Promise<void> {
    await Promise.race([this.#passOn(), this.#passBack()]);
    this.close();
  }

  #passOn(): Promise<void> {
    return eachRead(this.#initiator, (octets) => writeAll(this.#target, octets));
  }

  #passBack(): Promise<void> {
    const stream = new PduStream(this);
    return eachRead(this.#target, async (octets) => {
      stream.push(octets);
      for (let pdu = stream.next(); pdu !== undefined; pdu = stream.next()) {
        const sent = this.#pass(pdu, this);
        await writeAll(this.#initiator, sent);
        // A login that goes wrong is ended, or it would be waited for until its time is up.
        if (sent !== pdu.octets && !this.isLoggedIn) return await this.#initiator.closeWrite();
        this.#follow(pdu);
      }
    });
  }

  /** Digests begin with the first PDU after the login. RFC 7143 13.1. */
  #follow({ octets, data }: SentPdu): void {
    if (this.isLoggedIn || (octets[0]! & 0x3f) !== Opcode.LOGIN_RESPONSE) return;
    const pairs = readPairs(new TextDecoder().decode(data));
    for (const [key, value] of pairs) this.#keys.set(key, value);
    const { transit, nextStage, statusClass } = new LoginResponse(octets);
    this.isLoggedIn = transit && nextStage === FULL_FEATURE_PHASE && statusClass === 0;
    this.headerDigest = this.isLoggedIn && this.#keys.get("HeaderDigest") === "CRC32C";
    this.dataDigest = this.isLoggedIn && this.#keys.get("DataDigest") === "CRC32C";
  }

  close(): void {
    for (const connection of [this.#initiator, this.#target]) {
      try {
        connection.close();
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  }
}

async function eachRead(
  from: Deno.TcpConn,
  take: (octets: Uint8Array) => Promise<void>,
): Promise<void> {
  const space = new Uint8Array(1 << 18);
  try {
    for (let count = await from.read(space); count !== null; count = await from.read(space)) {
      await take(space.subarray(0, count));
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function writeAll(to: Deno.TcpConn, octets: Uint8Array): Promise<void> {
  while (octets.length > 0) octets = octets.subarray(await to.write(octets));
}
