/** The streams that a command speaks through. */
import type { Sink } from "./output.ts";

const encoder = new TextEncoder();

/** Writes all of a text at once: a command's output is short, and must be out before it exits. */
export function sinkOf(stream: { writeSync(octets: Uint8Array): number }): Sink {
  return {
    write(text) {
      let octets = encoder.encode(text);
      while (octets.length > 0) octets = octets.subarray(stream.writeSync(octets));
    },
  };
}

/** The next line that is typed; undefined at the end of input, or once `signal` aborts. */
export function readLine(signal: AbortSignal): Promise<string | undefined> {
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  return Promise.race([typedLine(), aborted]);
}

async function typedLine(): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const piece = new Uint8Array(256);
  let line = "";
  while (true) {
    const length = await Deno.stdin.read(piece);
    if (length === null) return line === "" ? undefined : line;
    line += decoder.decode(piece.subarray(0, length), { stream: true });
    const end = line.indexOf("\n");
    if (end >= 0) return line.slice(0, end);
  }
}

/** All of standard input; undefined where it has more than `limit` octets. */
export async function readInput(limit: number): Promise<string | undefined> {
  const octets = new Uint8Array(limit + 1);
  let length = 0;
  for (;;) {
    const got = await Deno.stdin.read(octets.subarray(length));
    if (got === null) return new TextDecoder().decode(octets.subarray(0, length));
    length += got;
    if (length > limit) return undefined;
  }
}
