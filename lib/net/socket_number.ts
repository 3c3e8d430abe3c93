/** Finds the file descriptor of a TCP connection, which Deno keeps to itself: by both its ends. */
import type { Libc, NameOfSocket } from "../runtime/libc.ts";
import { type IpAddress, isMapped, parsePeerAddress } from "./ip_address.ts";

const AF_INET = 2;
const AF_INET6 = 10;

/** Octets of the longest, `struct sockaddr_in6`. */
const ADDRESS_LENGTH = 28;

/** Descriptors that are looked at; a connection with a higher one goes without. */
const MOST = 65_536;

/** The next one is near the last: descriptors are given out from the lowest free one on. */
const NEAR = 32;

interface End {
  readonly address: IpAddress;
  readonly port: number;
}

const octets = new Uint8Array(ADDRESS_LENGTH);
const view = new DataView(octets.buffer);
const length = new Uint32Array(1);
let last = 0;

/** The descriptor of the socket between these two ends; undefined: it was not found. */
export function socketNumber(
  { getsockname, getpeername }: Libc,
  local: Deno.NetAddr,
  remote: Deno.NetAddr,
): number | undefined {
  const here = endOf(local);
  const there = endOf(remote);
  if (here === undefined || there === undefined) return undefined;
  // The peer first: a socket that is connected to nobody, or no socket at all, has none.
  const isIt = (fd: number) => isAt(getpeername, fd, there) && isAt(getsockname, fd, here);
  for (let fd = Math.max(0, last - NEAR); fd < last + NEAR; fd++) if (isIt(fd)) return last = fd;
  for (let fd = 0; fd < MOST; fd++) if (isIt(fd)) return last = fd;
  return undefined;
}

function endOf({ hostname, port }: Deno.NetAddr): End | undefined {
  const address = parsePeerAddress(hostname);
  return address && { address, port };
}

function isAt(nameOf: NameOfSocket, fd: number, end: End): boolean {
  length[0] = ADDRESS_LENGTH;
  if (nameOf(fd, octets, length) !== 0 || view.getUint16(2) !== end.port) return false;
  const address = addressInPlace(view.getUint16(0, true));
  return address?.length === end.address.length &&
    address.every((octet, at) => octet === end.address[at]);
}

/** The address of the `struct sockaddr`; undefined: another kind of socket. */
function addressInPlace(family: number): IpAddress | undefined {
  if (family === AF_INET) return octets.subarray(4, 8);
  if (family !== AF_INET6) return undefined;
  const address = octets.subarray(8, 24);
  return isMapped(address) ? address.subarray(12) : address;
}
