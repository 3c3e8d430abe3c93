/** Connects to NBD servers. The only file of the client that knows sockets. */
import { type DialFailure, dialFailure } from "../../net/dial_failure.ts";
import { dialTcp } from "../../net/dial_tcp.ts";
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
  const failed = ({ reason, next }: DialFailure, options: ErrorOptions) =>
    new Unreachable(serverOf(address), reason, next, options);
  if (address.transport === "tcp") {
    const { hostname: host, port } = address;
    return (await dialTcp({ host, port }, { timeoutMs }, failed)).stream;
  }
  try {
    return await Deno.connect(address);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw failed(unixFailure(cause), { cause });
  }
};

function unixFailure(cause: Error): DialFailure {
  if (!(cause instanceof Deno.errors.NotFound)) return dialFailure(cause);
  return { reason: "there is no such socket", next: "check its path, and that the server runs" };
}
