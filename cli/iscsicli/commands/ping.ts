/** Whether a portal answers: by iSCSI's own ping, since that is what is to be reached there. */
import type { PortalFacts } from "../../../lib/initiator_service/control.ts";
import { parsePortal } from "../../address.ts";
import { exactly, type IscsicliCommand, type Surroundings } from "../command.ts";
import { checkInstance } from "../initiator_port.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "../isdsc.ts";
import { addressOf, numberUnlessStar } from "../words.ts";

export const PING_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "Ping",
    words: "<Initiator Name> <Address> [Request Count] [Request Size] [Request Timeout]",
    takes: exactly(2, 3, 4, 5),
    run: ping,
  },
];

async function ping(
  { control, say }: Surroundings,
  [instance, addressWord, count, size, milliseconds]: readonly string[],
): Promise<number> {
  checkInstance(instance);
  const portal = portalOf(addressWord!);
  const facts = await control.ping(portal, {
    count: numberOrNot(count),
    size: numberOrNot(size),
    timeoutMs: numberOrNot(milliseconds),
  });
  for (const ms of facts.replies) say(replyLine(portal.address, facts.size, ms));
  return facts.replies.some((ms) => ms !== null) ? Isdsc.SUCCESS : Isdsc.CONNECTION_FAILED;
}

function numberOrNot(word: string | undefined): number | undefined {
  return word === undefined ? undefined : numberUnlessStar(word);
}

/** With a port, or without. */
function portalOf(word: string): PortalFacts {
  try {
    return parsePortal(addressOf(word) ?? "");
  } catch (error) {
    if (error instanceof IscsicliError || !(error instanceof Error)) throw error;
    throw new IscsicliError(INVALID_PARAMETER, `Invalid address: ${word}`);
  }
}

function replyLine(address: string, size: number, ms: number | null): string {
  if (ms === null) return "    Request timed out.";
  const time = ms < 1 ? "<1" : `=${Math.round(ms)}`;
  return `    Reply from ${address}: bytes=${size} time${time}ms`;
}
