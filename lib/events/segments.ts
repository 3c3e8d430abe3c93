/**
 * A log in files of bounded number and length: the last one grows, the first one is deleted. Each
 * is named by the sequence number of its first line, so that a directory tells what is where.
 */

export interface Segment {
  readonly path: string;
  /** The sequence number of its first line. */
  readonly first: number;
}

/** Whoever reads takes no more of a file, whatever somebody made of it. */
const MOST_OCTETS = 16 << 20;

const DIGITS = 12;
const LINE_FEED = 10;

export function segmentPath(directory: string, stem: string, first: number): string {
  return `${directory}/${stem}-${String(first).padStart(DIGITS, "0")}.jsonl`;
}

/** The files of one log, the oldest first; none where there is no directory. */
export async function segmentsOf(directory: string, stem: string): Promise<Segment[]> {
  const form = new RegExp(`^${stem}-(\\d{${DIGITS}})\\.jsonl$`);
  const segments: Segment[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      const first = form.exec(name)?.[1];
      if (isFile && first !== undefined) {
        segments.push({ path: `${directory}/${name}`, first: Number(first) });
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return segments.sort((one, other) => one.first - other.first);
}

export interface Lines {
  readonly lines: readonly string[];
  /** Octets of the file that they take up, from its beginning. */
  readonly octets: number;
}

/** The whole lines of a file; none where it has been deleted meanwhile. */
export async function linesOf(path: string): Promise<Lines> {
  const octets = await read(path);
  // What follows the last line feed is being written, or was cut off.
  const whole = octets.subarray(0, octets.lastIndexOf(LINE_FEED) + 1);
  const lines = new TextDecoder().decode(whole).split("\n").slice(0, -1);
  return { lines, octets: whole.length };
}

async function read(path: string): Promise<Uint8Array> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array(0);
    throw error;
  }
  using opened = file;
  const { size } = await opened.stat();
  const octets = new Uint8Array(Math.min(size, MOST_OCTETS));
  let length = 0;
  while (length < octets.length) {
    const count = await opened.read(octets.subarray(length));
    if (count === null) break;
    length += count;
  }
  return octets.subarray(0, length);
}
