import { stateDirectory } from "../../lib/config/state_directory.ts";
import { runInitiator } from "../../lib/status/run_initiator.ts";
import type { Context } from "../context.ts";
import { foreground } from "../foreground.ts";
import type { InitiatorServeFlags } from "../routes/initiator.ts";

const BIND_TIMEOUT_SECONDS = 180;

export default async function (this: Context, flags: InitiatorServeFlags): Promise<void> {
  const { probeTime, queueTime, bindTimeout = BIND_TIMEOUT_SECONDS } = flags;
  const { logger, asked, fail } = foreground(this);
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
  }).catch(fail);
  try {
    await asked;
    logger.info("asked to end");
  } finally {
    isEnding = true;
    // Asked again meanwhile, it hurries.
    this.handleSignals(() => void service.stop());
    await service.stop();
    logger.info("ended");
  }
}
