/**
 * Requests over a Unix socket. Written out by hand in HTTP/1.0, whose answer simply ends with the
 * connection, since `fetch` would take six times as long to start as the whole exchange.
 */
import { type Ask, type Exchange, headersOf, type Reply } from "./exchange.ts";

/** Octets of an answer's head. */
const MOST_HEAD_OCTETS = 16 << 10;
const CHUNK_LENGTH = 64 << 10;

export function socketExchange(path: string): Exchange {
  return async (ask) => {
    const connection = await Deno.connect({ transport: "unix", path });
    const stop = (): void => connection.close();
    ask.signal?.addEventListener("abort", stop);
    const close = (): void => {
      ask.signal?.removeEventListener("abort", stop);
      if (!ask.signal?.aborted) connection.close();
    };
    try {
      ask.signal?.throwIfAborted();
      await send(connection, ask);
      return await receive(connection, close, ask.signal);
    } catch (error) {
      close();
      throw ask.signal?.aborted ? ask.signal.reason : error;
    }
  };
}

async function send(connection: Deno.UnixConn, ask: Ask): Promise<void> {
  const body = new TextEncoder().encode(ask.body ?? "");
  const headers = { host: "localhost", "content-length": body.length, ...headersOf(ask) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = new TextEncoder().encode(
    `${ask.method} ${ask.path} HTTP/1.0\r\n${lines.join("")}\r\n`,
  );
  const octets = new Uint8Array(head.length + body.length);
  octets.set(head);
  octets.set(body, head.length);
  for (let at = 0; at < octets.length;) at += await connection.write(octets.subarray(at));
}

async function receive(
  connection: Deno.UnixConn,
  close: () => void,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  let head = new Uint8Array(0);
  const chunk = new Uint8Array(CHUNK_LENGTH);
  for (;;) {
    const length = await connection.read(chunk);
    if (length === null) throw new Error("it closed the connection without an answer");
    const joined = new Uint8Array(head.length + length);
    joined.set(head);
    joined.set(chunk.subarray(0, length), head.length);
    head = joined;
    const end = endOfHead(head);
    if (end !== undefined) {
      const status = statusOf(new TextDecoder().decode(head.subarray(0, end)));
      return { status, chunks: bodyOf(connection, head.subarray(end), { close, signal }) };
    }
    if (head.length > MOST_HEAD_OCTETS) throw new Error("its answer is not HTTP");
  }
}

/** Where the body begins: behind the empty line. */
function endOfHead(octets: Uint8Array): number | undefined {
  for (let at = 3; at < octets.length; at++) {
    const isEnd = octets[at] === 10 && octets[at - 1] === 13 && octets[at - 2] === 10;
    if (isEnd && octets[at - 3] === 13) return at + 1;
  }
  return undefined;
}

function statusOf(head: string): number {
  const match = /^HTTP\/1\.[01] ([0-9]{3})/.exec(head);
  if (match === null) throw new Error("its answer is not HTTP");
  return Number(match[1]);
}

async function* bodyOf(
  connection: Deno.UnixConn,
  first: Uint8Array,
  { close, signal }: { close: () => void; signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    const chunk = new Uint8Array(CHUNK_LENGTH);
    for (;;) {
      const length = await connection.read(chunk);
      if (length === null) return;
      yield chunk.subarray(0, length);
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    close();
  }
}
