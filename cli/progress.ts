/**
 * A line on a terminal that shows how far a long operation is, how fast, and how long it still
 * takes.
 */
import type { Progress } from "../lib/config/facts.ts";
import type { Sink } from "./output.ts";
import { formatSize } from "./size.ts";

const BAR_WIDTH = 30;
const REDRAW_MS = 100;

export interface ProgressBarOptions {
  /** What is being done, such as `creating mail.vhd`. */
  readonly title: string;
  readonly sink: Sink;
  /** False: nothing is shown, as in a pipe. */
  readonly shown: boolean;
  nowMs(): number;
}

export class ProgressBar {
  readonly #options: ProgressBarOptions;
  readonly #startMs: number;
  #drawnMs = -Infinity;

  constructor(options: ProgressBarOptions) {
    this.#options = options;
    this.#startMs = options.nowMs();
  }

  update(progress: Progress): void {
    const nowMs = this.#options.nowMs();
    if (!this.#options.shown || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const line = progressLine(this.#options.title, progress, nowMs - this.#startMs);
    // Back to the first column, and erase what is left of a longer line.
    this.#options.sink.write(`\r${line}\x1b[K`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#drawnMs > -Infinity) this.#options.sink.write("\r\x1b[K");
  }
}

/** `creating mail.vhd [#####.....]  50%  10G of 20G  1.2G/s  0:08 left` */
export function progressLine(title: string, { done, total }: Progress, elapsedMs: number): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const parts = [`${title} [${bar}] ${percent}`, `${formatSize(done)} of ${formatSize(total)}`];
  if (elapsedMs > 0 && done > 0) {
    const octetsPerSecond = done / elapsedMs * 1000;
    parts.push(`${formatSize(Math.round(octetsPerSecond))}/s`);
    parts.push(`${formatDuration((total - done) / octetsPerSecond)} left`);
  }
  return parts.join("  ");
}

/** `0:08`, `12:30`, `1:00:05`. */
function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const parts = h > 0 ? [h, pad(m), pad(s)] : [m, pad(s)];
  return parts.join(":");
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
