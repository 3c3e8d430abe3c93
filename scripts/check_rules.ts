/**
 * Which of the rules that a target must keep have a test, named by the rule's number (`A45: …`, or
 * `A44 A45: …`), and which have none. Run it to see; it fails where one is missing.
 */
import { sourceFiles } from "./source_files.ts";

/** What the numbers stand for. Those that are left out concern initiators alone. */
export const RULES: Readonly<Record<number, string>> = {
  1: "before full feature phase only Login Requests are legal",
  2: "the first login request names the initiator, and the target unless it is discovery",
  3: "stages go forward, by the ways that exist",
  4: "the login moves on only when asked to",
  5: "text may be cut anywhere, and is read when it is whole",
  6: "a login is limited in octets, keys, PDUs and time",
  7: "the security stage cannot be left out where proof is required",
  8: "the security stage is left with the proof, not before",
  9: "what identifies a login stays the same throughout",
  10: "version 0 is the only one",
  11: "login data has 8192 octets at most, checked before it is held",
  12: "login has no additional header segments",
  13: "StatSN begins anywhere and counts login responses",
  14: "login uses up no CmdSN",
  15: "a new session's TSIH comes with the last response",
  16: "a TSIH that names no session is refused",
  17: "a further connection is refused, admitted or reinstated as its CID says",
  18: "a session is reinstated when the old one has ended",
  19: "reinstatement needs the same identity",
  20: "TargetPortalGroupTag is told once, and not to discovery",
  21: "names are checked and normalised",
  22: "every status has its case",
  23: "a failed login is answered, then closed; forbidden looks like absent",
  25: "limits are answered 0302",
  26: "unknown keys are answered NotUnderstood",
  27: "what cannot be accepted is answered Reject, what is pointless Irrelevant",
  28: "such answers keep the default, and are no offers",
  29: "a key is settled once",
  30: "of a list the first that is supported is chosen",
  31: "digests begin with full feature phase",
  32: "booleans are joined by AND or OR",
  33: "numbers are joined by minimum or maximum, within their ranges",
  34: "FirstBurstLength stays within MaxBurstLength",
  35: "MaxRecvDataSegmentLength is declared, for each direction",
  36: "numbers are read strictly",
  37: "names and values of keys have their bounds",
  38: "keys that objects inherit are keys like others",
  39: "markers are declined",
  40: "keys are taken in either stage, and the newer ones too",
  41: "a long answer is split",
  42: "None is agreed on only where nothing is required",
  43: "a refused login leaves no trace",
  44: "sequence numbers wrap",
  45: "a CmdSN outside the window is ignored",
  46: "commands are carried out in the order of CmdSN",
  47: "immediate commands pass the window, and are limited",
  48: "the window never moves back, and bounds memory",
  50: "a task tag in use is rejected",
  51: "StatSN counts what has status, and nothing else",
  52: "ExpStatSN is taken for what it says, and nothing is kept for it",
  53: "DataSN and R2TSN count for each command",
  54: "DataSN of Data-Out is checked",
  55: "reserved tags are never given",
  57: "ImmediateData and InitialR2T in all combinations",
  58: "F says whether unsolicited data follows",
  59: "data that was not agreed on reaches nothing",
  60: "R2Ts keep their bounds, order and tags",
  61: "Data-In keeps its bounds and order, and closes its bursts",
  62: "data of a command that failed early is drained",
  63: "a data segment past the declared length closes the connection",
  64: "additional header segments are walked safely",
  65: "CRC32C is right, in each direction by itself",
  66: "a digest error drops the connection, and nothing of the data is used",
  67: "residuals, with and without sense, for every command",
  68: "wrong directions crash nothing and leak nothing",
  71: "the response field says that the command was completed here",
  72: "sense data has its length before it, in either format",
  73: "a Reject repeats the header, and the command is gone",
  74: "unsupported opcodes and SNACK are rejected",
  76: "NOP-Out is answered with its data",
  77: "NOP-In and its answer carry the right tags",
  78: "a silent peer is pinged, and no disk stops an answer",
  79: "text goes on over several PDUs, one exchange at a time",
  80: "SendTargets tells whom it may, in which session it may",
  81: "addresses are those by which the peer can come",
  83: "discovery sessions take no SCSI",
  84: "logout ends what there is first, and nothing happens after its answer",
  85: "a stop is announced",
  87: "nothing is retained at error recovery level 0",
  88: "ABORT TASK by tag and by CmdSN",
  89: "nothing of an aborted command comes after the answer",
  90: "functions for many tasks are answered when all have ended",
  91: "ABORT TASK SET is for one nexus, CLEAR TASK SET for all",
  92: "resets tell every nexus",
  93: "a cold reset ends sessions",
  94: "unknown units and functions have answers of their own",
  95: "task management passes full queues and stuck disks",
  97: "unit attentions are told once, by whom they may be",
  98: "who caused an event is not told of it",
  99: "every event has its condition",
  100: "a changed inventory is told of once",
  101: "REPORT LUNS answers everywhere",
  102: "INQUIRY answers where there is no unit",
  103: "standard INQUIRY data agrees with what is offered",
  104: "VPD pages are complete and listed",
  105: "identity comes from the disk",
  106: "READ CAPACITY in both lengths",
  107: "TEST UNIT READY tells when the medium is gone",
  108: "unknown operations and wrong fields have their sense",
  109: "supported operations are told from the table that dispatches",
  110: "MODE SENSE in every form",
  111: "MODE SELECT applies all or nothing",
  112: "addresses do not overflow",
  113: "no blocks are still checked for range",
  114: "protection is refused, FUA is obeyed",
  115: "VERIFY compares",
  116: "WRITE AND VERIFY reads back",
  117: "COMPARE AND WRITE is atomic",
  118: "WRITE SAME within its limits, in slices",
  119: "UNMAP looks at the whole list first",
  120: "unmapped parts of blocks read as zeros",
  121: "GET LBA STATUS agrees with what is read",
  122: "SYNCHRONIZE CACHE covers what was answered before",
  123: "FUA covers its own range",
  124: "a failed flush is final",
  125: "a full medium fails the write alone",
  126: "what is offered works, and the rest is not offered",
  127: "a read-only unit refuses every writer",
  128: "block lengths are as declared",
  129: "a registration belongs to a nexus",
  130: "all types and service actions of persistent reservations",
  131: "PRGENERATION counts what it should",
  132: "conflicts for every command",
  133: "PERSISTENT RESERVE IN tells everything",
  134: "reservations outlive the power where asked to",
  135: "PREEMPT AND ABORT fences",
  136: "RESERVE and RELEASE, and what ends them",
};

/** Rule numbers at the head of a test's name: `"A44 A45 B-16: …"`, `"A44 CommandWindow: …"`. */
const NAME = /["'`]((?:(?:A|B-)\d+ )*(?:A|B-)\d+)(?=[: ])/g;

/** The numbers that the tests in these texts are named by, each with how many there are. */
export function rulesTested(texts: Iterable<string>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const text of texts) {
    for (const [, numbers] of text.matchAll(NAME)) {
      for (const [, number] of numbers!.matchAll(/\bA(\d+)/g)) {
        counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
      }
    }
  }
  return counts;
}

function report(): boolean {
  const files = sourceFiles("tests").filter((path) => path.endsWith("_test.ts"));
  const counts = rulesTested(files.map((path) => Deno.readTextFileSync(path)));
  const missing = Object.entries(RULES).filter(([number]) => !counts.has(Number(number)));
  for (const [number, title] of Object.entries(RULES)) {
    const count = counts.get(Number(number)) ?? 0;
    console.log(`A${number.padEnd(4)}${count === 0 ? "-" : String(count)}`.padEnd(10) + title);
  }
  const total = Object.keys(RULES).length;
  console.log(`${total - missing.length} of ${total} rules have a test`);
  for (const [number, title] of missing) console.log(`missing: A${number}: ${title}`);
  return missing.length === 0;
}

if (import.meta.main && !report()) Deno.exit(1);
