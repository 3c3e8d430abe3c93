/** SCSI commands to a LUN of a session. */
import type { ScsiAnswer, ScsiQuestion } from "../../../lib/initiator_service/control.ts";
import { exactly, type IscsicliCommand, type Surroundings } from "../command.ts";
import { dumpRows } from "../dump.ts";
import { Isdsc } from "../isdsc.ts";
import { findSession } from "../session_id.ts";
import { lunOf, numberOf } from "../words.ts";

const GOOD = 0;

export const SCSI_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "ScsiInquiry",
    words: "<SessionId> <LUN> <EvpdCmddt> <PageCode>",
    takes: exactly(4),
    run: (around, [session, lun, evpd, page]) =>
      ask(around, session!, {
        kind: "inquiry",
        lun: lunOf(lun!),
        page: (numberOf(evpd!) & 1) === 1 ? numberOf(page!) : undefined,
      }),
  },
  {
    name: "ReadCapacity",
    words: "<SessionId> <LUN>",
    takes: exactly(2),
    run: (around, [session, lun]) =>
      ask(around, session!, { kind: "read-capacity", lun: lunOf(lun!) }),
  },
  {
    name: "ReportLUNs",
    words: "<SessionId>",
    takes: exactly(1),
    run: (around, [session]) => ask(around, session!, { kind: "report-luns" }),
  },
];

async function ask(
  { control, say }: Surroundings,
  word: string,
  question: ScsiQuestion,
): Promise<number> {
  const { id } = await findSession(control, word);
  const answer = await control.ask(id, question);
  answerLines(answer).forEach(say);
  return answer.status === GOOD ? Isdsc.SUCCESS : Isdsc.SCSI_REQUEST_FAILED;
}

function answerLines({ status, data, sense }: ScsiAnswer): string[] {
  const lines = [`    ScsiStatus             : 0x${status.toString(16)}`];
  if (status === GOOD) {
    const octets = Uint8Array.fromHex(data);
    lines.push(`    Response Buffer Size   : 0x${octets.length.toString(16)}`);
    return [...lines, ...dumpRows(octets, "        ")];
  }
  const octets = Uint8Array.fromHex(sense ?? "");
  lines.push(`    Sense Buffer Size      : 0x${octets.length.toString(16)}`);
  return [...lines, ...dumpRows(octets, "    ")];
}
