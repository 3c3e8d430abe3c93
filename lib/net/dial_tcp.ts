/** Connects over TCP, within a time; where that fails, whoever asked says so in its own words. */
import { type DialFailure, dialFailure } from "./dial_failure.ts";
import type { Dialled, TcpAddress } from "./dialled.ts";
import { directSocket } from "./direct_socket.ts";

export interface DialOptions {
  readonly timeoutMs: number;
  /** The address of ours that the connection is to come from. */
  readonly sourceAddress?: string | undefined;
}

/** What is thrown where no connection came about. */
export type Failed = (failure: DialFailure, options: ErrorOptions) => Error;

export async function dialTcp(
  address: TcpAddress,
  { timeoutMs, sourceAddress }: DialOptions,
  failed: Failed,
): Promise<Dialled> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (sourceAddress === undefined) return await connect(address, signal);
    const { dialFrom } = await import("./dial_from.ts");
    return await dialFrom(sourceAddress, address, signal);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw failed(dialFailure(cause, signal.aborted ? timeoutMs : undefined), { cause });
  }
}

async function connect({ host, port }: TcpAddress, signal: AbortSignal): Promise<Dialled> {
  const socket = await Deno.connect({ hostname: host, port, signal });
  // Without it a short write waits for the acknowledgement of the one before: 40 ms.
  socket.setNoDelay(true);
  const { localAddr, remoteAddr } = socket;
  return {
    stream: directSocket(socket),
    localAddress: localAddr.hostname,
    localPort: localAddr.port,
    remoteAddress: remoteAddr.hostname,
    remotePort: remoteAddr.port,
  };
}
