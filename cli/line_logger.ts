/**
 * Logs as lines on stderr, for a person and for the journal: when, how grave, what, and facts about
 * it.
 */
import type { Clock } from "../lib/runtime/clock.ts";
import type { Facts, Logger } from "../lib/runtime/logger.ts";
import { printable } from "../lib/runtime/printable.ts";
import type { Sink } from "./output.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = typeof LEVELS[number];

export interface LineLoggerOptions {
  readonly sink: Sink;
  /** What is less grave is left out. */
  readonly from: Level;
  readonly clock: Clock;
}

/**
 * A logger whose lines are safe to show: text from a peer can neither end a line nor steer a
 * terminal.
 */
export function lineLogger({ sink, from, clock }: LineLoggerOptions): Logger {
  function log(level: Level, message: string, facts: Facts = {}): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(from)) return;
    const shown = Object.entries(facts).filter(([, value]) => value !== undefined);
    const words = shown.map(([name, value]) => ` ${name}=${factText(value!)}`);
    const time = clock.now().toISOString();
    sink.write(`${time} ${level.padEnd(5)} ${printable(message)}${words.join("")}\n`);
  }

  return {
    debug: (message, facts) => log("debug", message, facts),
    info: (message, facts) => log("info", message, facts),
    warn: (message, facts) => log("warn", message, facts),
    error: (message, facts) => log("error", message, facts),
  };
}

/** Quoted where a reader could not tell where it ends. */
function factText(value: string | number | boolean): string {
  const text = printable(String(value));
  return /^[^\s"=]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}
