/** Which logical units a target has for us. SPC-4 6.33. */
import { parseLun } from "../scsi/lun.ts";
import { SenseKey } from "../scsi/sense.ts";
import { Status } from "../scsi/status.ts";
import type { CommandResult } from "./command.ts";
import type { Session } from "./session.ts";
import { reportLuns } from "./unit_commands.ts";
import { UnitError } from "./unit_error.ts";

const HEADER_LENGTH = 8;
const ENTRY_LENGTH = 8;
/** Flat addressing reaches no more; above it are well known units. SAM-5 4.7.7. */
const MOST_LUNS = 16_384;
/** First for a few, then for all that flat addressing reaches. */
const LENGTHS = [HEADER_LENGTH + 256 * ENTRY_LENGTH, HEADER_LENGTH + MOST_LUNS * ENTRY_LENGTH];
/** Unit attentions that may come first. */
const MOST_ATTENTIONS = 16;

/** The numbers of all units, ascending. */
export async function askLuns(session: Session): Promise<readonly number[]> {
  for (const length of LENGTHS) {
    const octets = new Uint8Array(length);
    const { status, transferred } = await ask(session, octets);
    if (status !== Status.GOOD || transferred < HEADER_LENGTH) {
      throw new UnitError("refused", `${session.where} does not say which LUNs it has`);
    }
    const view = new DataView(octets.buffer);
    const stated = HEADER_LENGTH + view.getUint32(0);
    if (stated > length && length !== LENGTHS.at(-1)) continue;
    const luns = new Set<number>();
    const end = Math.min(stated, transferred);
    for (let at = HEADER_LENGTH; at + ENTRY_LENGTH <= end; at += ENTRY_LENGTH) {
      luns.add(parseLun(view, at));
    }
    return [...luns].filter((lun) => lun >= 0 && lun < MOST_LUNS).sort((a, b) => a - b);
  }
  return [];
}

/** REPORT LUNS goes to LUN 0 whether there is one or not. */
async function ask(session: Session, dataIn: Uint8Array): Promise<CommandResult> {
  const request = { cdb: reportLuns(dataIn.length), dataIn };
  let result = await session.execute(0, request);
  for (let i = 0; i < MOST_ATTENTIONS && isAttention(result); i++) {
    result = await session.execute(0, request);
  }
  return result;
}

function isAttention({ sense }: CommandResult): boolean {
  return sense?.key === SenseKey.UNIT_ATTENTION;
}
