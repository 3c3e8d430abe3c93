/** Tells that a portal cannot listen, or can at last. */
import type { EventSink } from "../events/event_sink.ts";
import type { Logger } from "../runtime/logger.ts";

export function notePortal(
  { logger, events }: { readonly logger: Logger; readonly events: EventSink },
  portal: string,
  failure: string | undefined,
): void {
  if (failure === undefined) {
    logger.info("a portal listens at last", { portal });
    events.note("portal-present", { portal });
  } else {
    logger.error("a portal cannot listen", { portal, reason: failure });
    events.note("portal-absent", { portal, reason: failure });
  }
}
