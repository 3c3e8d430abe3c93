/** Connects to NBD servers. The only file of the client that knows sockets. */
import { dialFailure } from "../../net/dial_failure.ts";
import { directSocket } from "../../net/direct_socket.ts";
import type { ByteStream } from "../../runtime/byte_stream.ts";
import { type NbdAddress, serverOf } from "../address.ts";

/** A server to which no connection came about. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(server: string, reason: string, readonly next: string, options?: ErrorOptions) {
    super(`cannot connect to the NBD server at ${server}: ${reason}`, options);
  }
}

/** Connects to a server, within a time; fails with Unreachable. */
export type Dial = (address: NbdAddress, timeoutMs: number) => Promise<ByteStream>;

export const dial: Dial = async (address, timeoutMs) => {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (address.transport === "unix") {
      return await Deno.connect({ transport: "unix", path: address.path });
    }
    const { hostname, port } = address;
    const stream = await Deno.connect({ hostname, port, signal });
    // "Protocol phases": short requests must not wait for each other's acknowledgement.
    stream.setNoDelay(true);
    return directSocket(stream);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new Unreachable(serverOf(address), ...reasonOf(address, cause, signal, timeoutMs));
  }
};

function reasonOf(
  { transport }: NbdAddress,
  cause: Error,
  signal: AbortSignal,
  timeoutMs: number,
): [reason: string, next: string, options: ErrorOptions] {
  if (transport === "unix" && cause instanceof Deno.errors.NotFound) {
    return ["there is no such socket", "check its path, and that the server runs", { cause }];
  }
  const { reason, next } = dialFailure(cause, signal.aborted ? timeoutMs : undefined);
  return [reason, next, { cause }];
}
