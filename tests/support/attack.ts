/**
 * What a hostile target does to a command of ours that is under way, and what has to come of it:
 * nothing is thrown that nobody catches, no buffer is written to but where the command said, no
 * command succeeds that did not, and the error says what the target did.
 */
import assert from "node:assert/strict";
import { failureOf, ScriptedSession } from "./scripted_session.ts";
import type { ScriptedTarget } from "./scripted_target.ts";

/** Octets that the command under way expects. */
export const LENGTH = 4096;
export const FULL: Uint8Array = new Uint8Array(LENGTH).fill(1);
const CANARY = 0xc5;

export interface Attack {
  readonly name: string;
  /** Which rule it breaks. */
  readonly rule?: string;
  /** What the error says. */
  readonly message: RegExp;
  /** The command is a write instead of a read. */
  readonly isWrite?: true;
  /** How the command fails; "session-lost" without. */
  readonly kind?: string;
  /** `tag` is of the command under way. */
  act(target: ScriptedTarget, tag: number): Promise<void>;
}

export function testAttacks(attacks: readonly Attack[]): void {
  for (const attack of attacks) {
    const rule = attack.rule === undefined ? "" : ` ${attack.rule}`;
    Deno.test(`B-20${rule}: ${attack.name}`, () => suffer(attack));
  }
}

async function suffer({ message, isWrite, kind = "session-lost", act }: Attack): Promise<void> {
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    await act(target, initiatorTaskTag);
  }, { keys: isWrite ? { ImmediateData: "No", InitialR2T: "Yes" } : {} });
  const memory = new Uint8Array(3 * LENGTH).fill(CANARY);
  const octets = memory.subarray(LENGTH, 2 * LENGTH);
  const command = isWrite ? scripted.write(octets) : scripted.read(LENGTH, octets);
  const failure = await failureOf(command);
  assert.match(failure.message, message);
  assert.equal(failure.kind, kind);
  await scripted.end();
  // What lies around the buffer is as it was; a write's own data too.
  const touched = memory.findIndex((octet) => octet !== CANARY);
  assert.ok(touched === -1 || (!isWrite && touched >= LENGTH), `octet ${touched}`);
  assert.ok(memory.subarray(2 * LENGTH).every((octet) => octet === CANARY));
}
