import { stateDirectory } from "../../lib/config/state_directory.ts";
import { type RunningService, runService } from "../../lib/status/run_service.ts";
import type { Context } from "../context.ts";
import { foreground } from "../foreground.ts";
import { formatAddress } from "../format_address.ts";
import type { ServeFlags } from "../routes/target.ts";

/** Where the dashboard listens unless --http says otherwise: for this machine's browsers alone. */
const HTTP = { address: "127.0.0.1", port: 3262 };

/** How long initiators have to log out once the service is asked to end. */
const DRAIN_MS = 10_000;

export default async function (this: Context, flags: ServeFlags): Promise<void> {
  const { logger, asked } = foreground(this);
  const http = flags.http === "off" ? undefined : flags.http ?? HTTP;
  const service = await runService({
    stateDirectory: stateDirectory(this.flags.stateDir),
    ...(flags.portal === undefined ? {} : { portals: flags.portal }),
    ...(http === undefined ? {} : { http }),
    logger,
  });
  this.output.line(readyLine(service));
  try {
    await asked;
    logger.info("asked to end");
  } finally {
    // Asked again meanwhile, it hurries.
    this.handleSignals(() => void service.stop({ drainMs: 0 }));
    await service.stop({ drainMs: DRAIN_MS });
    logger.info("ended");
  }
}

/** Scripts wait for this line and take the ports from it. */
function readyLine({ portals, http }: RunningService): string {
  const words = portals.map((portal) => `portal=${formatAddress(portal)}`);
  if (http !== null) words.push(`http=http://${formatAddress(http)}/`);
  return ["ready", ...words].join(" ");
}
