/** What a command that serves in the foreground does until it is asked to end. */
import { systemClock } from "../lib/runtime/clock.ts";
import type { Logger } from "../lib/runtime/logger.ts";
import type { Context } from "./context.ts";
import { type Level, lineLogger } from "./line_logger.ts";

export interface Foreground {
  readonly logger: Logger;
  /** Resolves when a signal asks for the end; fails where something is wrong that nobody awaits. */
  readonly asked: Promise<void>;
  /** Makes `asked` fail. */
  fail(reason: unknown): void;
}

export function foreground(context: Context): Foreground {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  context.handleSignals(resolve);
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    // What is in an unknown state must not go on writing, or serving writes.
    reject(event.reason);
  });
  const logger = lineLogger({ sink: context.stderr, from: levelOf(context), clock: systemClock });
  return { logger, asked: promise, fail: reject };
}

function levelOf({ flags }: Context): Level {
  if (flags.verbose) return "debug";
  return flags.quiet ? "warn" : "info";
}
