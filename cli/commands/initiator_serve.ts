import { stateDirectory } from "../../lib/config/state_directory.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { runInitiator } from "../../lib/status/run_initiator.ts";
import type { Context } from "../context.ts";
import { type Level, lineLogger } from "../line_logger.ts";
import type { InitiatorServeFlags } from "../routes/initiator.ts";

const BIND_TIMEOUT_SECONDS = 180;

export default async function (this: Context, flags: InitiatorServeFlags): Promise<void> {
  const { probeTime, queueTime, bindTimeout = BIND_TIMEOUT_SECONDS } = flags;
  const logger = lineLogger({ sink: this.stderr, from: levelOf(this), clock: systemClock });
  const asked = Promise.withResolvers<void>();
  this.handleSignals(asked.resolve);
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    // What is in an unknown state must not go on writing.
    asked.reject(event.reason);
  });
  const service = await runInitiator({
    stateDirectory: stateDirectory(this.flags.stateDir),
    ...(probeTime === undefined ? {} : { limits: { probeTimeMs: probeTime * 1000 } }),
    ...(queueTime === undefined ? {} : { settings: { noPathMs: queueTime * 1000 } }),
    bindMs: bindTimeout * 1000,
    logger,
  });
  logger.info("commands can reach the initiator", { socket: service.socket });
  let isEnding = false;
  service.ready.then(async () => {
    if (isEnding) return;
    const { name } = await service.control.show();
    this.output.line(`ready initiator=${name} socket=${service.socket}`);
  }).catch(asked.reject);
  try {
    await asked.promise;
    logger.info("asked to end");
  } finally {
    isEnding = true;
    await service.stop();
    logger.info("ended");
  }
}

function levelOf({ flags }: Context): Level {
  if (flags.verbose) return "debug";
  return flags.quiet ? "warn" : "info";
}
