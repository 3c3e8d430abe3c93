/** A session of ours with a scripted target that has logged it in. */
import { CommandFailure, type CommandResult } from "../../lib/initiator/command.ts";
import { logIn, type LogInOptions } from "../../lib/initiator/log_in.ts";
import type { InitiatorNode } from "../../lib/initiator/node.ts";
import type { Session } from "../../lib/initiator/session.ts";
import { MemoryNetwork, PORTAL, PORTAL_TEXT, type TestNodeOptions } from "./initiator_node.ts";
import type { Keys } from "./login.ts";
import { type Script, ScriptedPortal } from "./scripted_target.ts";
import { LeapingClock } from "./test_clock.ts";

export interface ScriptedSessionOptions {
  /** What the target says in the operational stage. */
  readonly keys?: Keys;
  readonly login?: Partial<LogInOptions>;
  readonly node?: TestNodeOptions;
  readonly readLimit?: number;
}

export class ScriptedSession {
  readonly session: Session;
  readonly node: InitiatorNode;
  readonly portal: ScriptedPortal;

  private constructor(session: Session, node: InitiatorNode, portal: ScriptedPortal) {
    this.session = session;
    this.node = node;
    this.portal = portal;
  }

  static async begin(
    script: Script,
    { keys = [], login = {}, node: options = {}, readLimit }: ScriptedSessionOptions = {},
  ): Promise<ScriptedSession> {
    const network = new MemoryNetwork();
    const node = network.node({ clock: new LeapingClock(), ...options });
    const portal = new ScriptedPortal(async (target) => {
      await target.logIn(keys);
      await script(target);
      await target.expectEnd();
    });
    if (readLimit !== undefined) portal.readLimit = readLimit;
    network.portals.set(PORTAL_TEXT, portal.answering);
    const targetName = "iqn.2026-01.org.example:disk";
    const { session } = await logIn(node, { portal: PORTAL, targetName, ...login });
    return new ScriptedSession(session, node, portal);
  }

  /** A READ of so many octets. */
  read(length: number, into = new Uint8Array(length)): Promise<CommandResult> {
    return this.session.execute(0, { cdb: Uint8Array.of(0x28), dataIn: into.subarray(0, length) });
  }

  write(from: Uint8Array): Promise<CommandResult> {
    return this.session.execute(0, { cdb: Uint8Array.of(0x2a), dataOut: from });
  }

  /** Ends it, whatever is under way, and fails if the script did. */
  async end(): Promise<void> {
    this.session.fail("the test is over");
    await this.session.ended;
    await this.portal.ended();
    const lent = this.node.sendBuffers.lent + this.node.receiveBuffers.lent;
    if (lent > 0) throw new Error(`${lent} buffers have not come back`);
  }
}

/** What a command failed with. */
export async function failureOf(command: Promise<unknown>): Promise<CommandFailure> {
  try {
    await command;
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
  throw new Error("the command succeeded");
}
