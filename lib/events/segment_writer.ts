/** Appends to a log in segments, and keeps it within its bounds. Whoever writes is alone. */
import { linesOf, segmentPath, segmentsOf } from "./segments.ts";

export interface SegmentLimits {
  readonly segments: number;
  readonly linesOfSegment: number;
  readonly octetsOfSegment: number;
}

export interface Entry {
  readonly sequence: number;
  /** Without a line feed. */
  readonly line: string;
}

/** The file that grows, as far as it is whole. */
interface Growing {
  readonly file: Deno.FsFile;
  lines: number;
  octets: number;
}

export class SegmentWriter {
  readonly #directory: string;
  readonly #stem: string;
  readonly #limits: SegmentLimits;
  #growing: Growing | undefined;

  constructor(directory: string, stem: string, limits: SegmentLimits) {
    this.#directory = directory;
    this.#stem = stem;
    this.#limits = limits;
  }

  /** Takes up the last file where it ended, without a line that was cut off. Answers its lines. */
  async open(): Promise<readonly string[]> {
    await this.close();
    const last = (await segmentsOf(this.#directory, this.#stem)).at(-1);
    if (last === undefined) return [];
    const { lines, octets } = await linesOf(last.path);
    const file = await Deno.open(last.path, { append: true });
    this.#growing = { file, lines: lines.length, octets };
    if ((await file.stat()).size !== octets) await file.truncate(octets);
    return lines;
  }

  /** Appends all of the entries, or those before one that fails. */
  async append(entries: readonly Entry[]): Promise<void> {
    for (let at = 0; at < entries.length;) {
      const growing = await this.#room(entries[at]!.sequence);
      const { linesOfSegment, octetsOfSegment } = this.#limits;
      let text = "";
      let count = 0;
      do {
        text += `${entries[at + count]!.line}\n`;
        count++;
      } while (
        at + count < entries.length && growing.lines + count < linesOfSegment &&
        growing.octets + text.length < octetsOfSegment
      );
      await write(growing, text, count);
      at += count;
    }
  }

  /** What was appended survives a loss of power. */
  async sync(): Promise<void> {
    await this.#growing?.file.syncData();
  }

  async close(): Promise<void> {
    const growing = this.#growing;
    this.#growing = undefined;
    if (growing === undefined) return;
    try {
      await growing.file.syncData();
    } finally {
      growing.file.close();
    }
  }

  /** The file that takes the next line: a new one where the last one is full. */
  async #room(sequence: number): Promise<Growing> {
    const { linesOfSegment, octetsOfSegment, segments } = this.#limits;
    const growing = this.#growing;
    if (
      growing !== undefined && growing.lines < linesOfSegment && growing.octets < octetsOfSegment
    ) return growing;
    await this.close();
    const path = segmentPath(this.#directory, this.#stem, sequence);
    const file = await Deno.open(path, { append: true, create: true, mode: 0o600 });
    this.#growing = { file, lines: 0, octets: 0 };
    const all = await segmentsOf(this.#directory, this.#stem);
    for (const old of all.slice(0, Math.max(0, all.length - segments))) await Deno.remove(old.path);
    return this.#growing;
  }
}

/** Writes lines whole: what came of a write that failed is taken back. */
async function write(growing: Growing, text: string, count: number): Promise<void> {
  const octets = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < octets.length;) at += await growing.file.write(octets.subarray(at));
  } catch (error) {
    await growing.file.truncate(growing.octets).catch(() => undefined);
    throw error;
  }
  growing.lines += count;
  growing.octets += octets.length;
}
