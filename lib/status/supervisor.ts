/**
 * Tells whoever supervises the process how it stands, by the protocol of sd_notify(3): a datagram
 * to the socket that NOTIFY_SOCKET names. Deno has no Unix datagrams, so the C library sends them;
 * without it, and without a supervisor, nothing is told.
 */
import { libc } from "../runtime/libc.ts";
import { wide } from "../runtime/wide.ts";

const AF_UNIX = 1;
/** SOCK_DGRAM with SOCK_CLOEXEC. */
const SOCKET_TYPE = 2 | 0o2000000;
/** The longest path in a `sockaddr_un`. */
const MOST_PATH_OCTETS = 108;

/** Sends a state such as `READY=1`; answers whether the supervisor was told. */
export function tellSupervisor(
  state: string,
  socket: string | undefined = Deno.env.get("NOTIFY_SOCKET"),
): boolean {
  if (socket === undefined || !/^[/@]/.test(socket)) return false;
  const address = addressOf(socket);
  const system = libc();
  if (address === undefined || system === undefined) return false;
  const descriptor = system.socket(AF_UNIX, SOCKET_TYPE, 0);
  if (descriptor < 0) return false;
  const octets = new TextEncoder().encode(state);
  const sent = system.sendto(descriptor, octets, wide(octets.length), 0, address, address.length);
  system.close(descriptor);
  return sent === octets.length;
}

/** A `sockaddr_un`; a name that begins with `@` is in the abstract namespace. unix(7). */
function addressOf(socket: string): Uint8Array<ArrayBuffer> | undefined {
  const path = new TextEncoder().encode(socket);
  if (path.length >= MOST_PATH_OCTETS) return undefined;
  const address = new Uint8Array(2 + path.length + (socket.startsWith("/") ? 1 : 0));
  // The machines that Linux and Deno run on keep the lower octet first.
  address[0] = AF_UNIX;
  address.set(path, 2);
  if (socket.startsWith("@")) address[2] = 0;
  return address;
}
