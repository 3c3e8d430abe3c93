/** Takes everyone who comes to a listener, until that is closed. */
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";

/** How long nobody is taken after that was not possible. */
const PAUSE_MS = 1000;

export interface AcceptOptions<C> {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For lines that anybody can cause. */
  readonly strangerLogger: Logger;
  /** Runs the connection from here on; when it throws, the connection is closed. */
  admit(stream: C): void;
}

/** Resolves when the listener is closed. */
export async function acceptAll<C extends { close(): void }>(
  listener: { accept(): Promise<C> },
  { clock, logger, strangerLogger, admit }: AcceptOptions<C>,
): Promise<void> {
  for (;;) {
    let stream: C;
    try {
      stream = await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return; // the listener was closed
      if (error instanceof Deno.errors.Interrupted) return;
      // Who came has gone again.
      if (error instanceof Deno.errors.ConnectionAborted) continue;
      if (error instanceof Deno.errors.ConnectionReset) continue;
      // Out of file descriptors, say: what runs goes on, and the next one may fit again.
      logger.warn("cannot accept a connection", { reason: String(error) });
      await new Promise<void>((then) => clock.after(PAUSE_MS, then));
      continue;
    }
    try {
      admit(stream);
    } catch (error) {
      strangerLogger.warn("cannot run a connection", { reason: String(error) });
      stream.close();
    }
  }
}
