/** The kernel's table of neighbours: which hardware address has who is on a network of ours. */
import { libc } from "../runtime/libc.ts";
import { wide } from "../runtime/wide.ts";
import { formatIpAddress, type IpAddress } from "./ip_address.ts";
import { NeighbourAnswers, neighbourRequest, type NeighbourTable } from "./neighbour_messages.ts";

const AF_NETLINK = 16;
/** SOCK_RAW with SOCK_CLOEXEC. */
const SOCKET_TYPE = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
/** The kernel has its answer ready: whoever waited would do so for ever. */
const MSG_DONTWAIT = 0x40;
/** The kernel fills no longer datagram than this. */
const LONGEST_DATAGRAM = 64 << 10;

const UNREADABLE = "this machine's table of neighbours cannot be read";

/** The table of IPv4, or that of IPv6; throws with why it cannot be read. */
export function readNeighbours(family: 4 | 6): NeighbourTable {
  const system = libc();
  if (system === undefined) throw new Error(`${UNREADABLE}: that takes Linux, and --allow-ffi`);
  const socket = system.socket(AF_NETLINK, SOCKET_TYPE, NETLINK_ROUTE);
  if (socket < 0) throw new Error(`${UNREADABLE}: there is no netlink socket`);
  try {
    const request = neighbourRequest(family);
    const sent = system.sendto(socket, request, wide(request.length), 0, null, 0);
    if (sent !== request.length) throw new Error(`${UNREADABLE}: the kernel takes no request`);
    const answers = new NeighbourAnswers();
    const datagram = new Uint8Array(LONGEST_DATAGRAM);
    while (!answers.isDone) {
      const length = system.recv(socket, datagram, wide(datagram.length), MSG_DONTWAIT);
      if (length <= 0) throw new Error(`${UNREADABLE}: the kernel's answer broke off`);
      answers.take(datagram.subarray(0, length));
    }
    return answers.table;
  } finally {
    system.close(socket);
  }
}

/** Whether an address is one of this machine alone. */
export function isLoopback(address: IpAddress): boolean {
  return address.length === 4 ? address[0] === 127 : formatIpAddress(address) === "::1";
}

/** The hardware address of one neighbour; an error's message says why it is not known. */
export function hardwareAddressIn(table: NeighbourTable, address: IpAddress): string {
  const ip = formatIpAddress(address);
  const found = [...table.get(ip) ?? []];
  if (found.length === 1) return found[0]!;
  // A link-local address may be another host's on every network.
  if (found.length > 1) throw new Error(`${ip} is on several networks: ${found.join(" ")}`);
  throw new Error(`${ip} is not on a network of this machine, so its adapter is not known`);
}
