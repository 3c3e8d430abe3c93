/**
 * What the kernel is asked for its table of neighbours, and what it answers: netlink(7),
 * rtnetlink(7). Numbers are in the machine's own order, lower octets first.
 */
import { formatIpAddress } from "./ip_address.ts";

/** Octets of `struct nlmsghdr` and of `struct ndmsg`, which follows it. */
const HEADER = 16;
const NEIGHBOUR = 12;

const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** NLM_F_REQUEST and NLM_F_DUMP. */
const FLAGS = 0x301;

const AF_INET = 2;
const AF_INET6 = 10;
/** NUD_REACHABLE, _STALE, _DELAY, _PROBE and _PERMANENT: the hardware address is known. */
const KNOWN = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;
const NDA_DST = 1;
const NDA_LLADDR = 2;
/** Octets of an adapter's address; other kinds of networks have others. */
const HARDWARE = 6;

/** Hardware addresses by IP addresses, each in its one spelling. */
export type NeighbourTable = ReadonlyMap<string, ReadonlySet<string>>;

/** Asks for all neighbours of IPv4, or of IPv6. */
export function neighbourRequest(family: 4 | 6): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(HEADER + NEIGHBOUR);
  const view = new DataView(octets.buffer);
  view.setUint32(0, octets.length, true);
  view.setUint16(4, RTM_GETNEIGH, true);
  view.setUint16(6, FLAGS, true);
  view.setUint8(HEADER, family === 4 ? AF_INET : AF_INET6);
  return octets;
}

/** Takes the answers as they come, until the kernel says that there are no more. */
export class NeighbourAnswers {
  readonly #table = new Map<string, Set<string>>();
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  get table(): NeighbourTable {
    return this.#table;
  }

  /** One datagram, which holds whole messages. */
  take(octets: Uint8Array): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    for (let at = 0; at + HEADER <= octets.length && !this.#isDone;) {
      const length = view.getUint32(at, true);
      if (length < HEADER || at + length > octets.length) throw new Error(NOT_UNDERSTOOD);
      const type = view.getUint16(at + 4, true);
      if (type === NLMSG_ERROR) throw new Error("the kernel does not tell its neighbours");
      if (type === NLMSG_DONE) this.#isDone = true;
      if (type === RTM_NEWNEIGH) this.#note(octets.subarray(at + HEADER, at + length));
      at += aligned(length);
    }
  }

  #note(neighbour: Uint8Array): void {
    const view = new DataView(neighbour.buffer, neighbour.byteOffset, neighbour.length);
    if (neighbour.length < NEIGHBOUR) throw new Error(NOT_UNDERSTOOD);
    if ((view.getUint16(8, true) & KNOWN) === 0) return;
    let ip: string | undefined, hardware: string | undefined;
    for (let at = NEIGHBOUR; at + 4 <= neighbour.length;) {
      const length = view.getUint16(at, true);
      if (length < 4 || at + length > neighbour.length) throw new Error(NOT_UNDERSTOOD);
      const value = neighbour.subarray(at + 4, at + length);
      const type = view.getUint16(at + 2, true);
      if (type === NDA_DST) ip = formatIpAddress(value);
      if (type === NDA_LLADDR && value.length === HARDWARE) hardware = hardwareText(value);
      at += aligned(length);
    }
    if (ip === undefined || hardware === undefined) return;
    this.#table.set(ip, (this.#table.get(ip) ?? new Set()).add(hardware));
  }
}

const NOT_UNDERSTOOD = "the kernel's table of neighbours is not understood";

function aligned(length: number): number {
  return (length + 3) & ~3;
}

function hardwareText(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0").toUpperCase()).join("-");
}
