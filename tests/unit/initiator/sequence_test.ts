/** What begins with full feature phase, and by which clock. RFC 7143 4.2.2, 13.1. */
import assert from "node:assert/strict";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { LoginRequest } from "../../../lib/iscsi/pdu/login_request.ts";
import { ScsiCommand } from "../../../lib/iscsi/pdu/scsi_command.ts";
import { InitiatorWorld } from "../../support/initiator_world.ts";
import { MemoryNetwork, PORTAL, PORTAL_TEXT } from "../../support/initiator_node.ts";
import { ScriptedPortal, type ScriptedTarget } from "../../support/scripted_target.ts";
import { LeapingClock } from "../../support/test_clock.ts";
import { logIn } from "../../../lib/initiator/log_in.ts";

const NAME = "iqn.2026-01.org.example:disk";

async function withSession(
  script: (target: ScriptedTarget) => Promise<void>,
  options: {
    readonly cmdSN?: number;
    readonly headerDigest?: boolean;
    readonly dataDigest?: boolean;
  },
): Promise<void> {
  const network = new MemoryNetwork();
  const node = network.node({ clock: new LeapingClock() });
  const portal = new ScriptedPortal(async (target) => {
    await script(target);
    await target.expectEnd();
  });
  network.portals.set(PORTAL_TEXT, portal.answering);
  const { session } = await logIn(node, { portal: PORTAL, targetName: NAME, ...options });
  await session.execute(0, { cdb: new Uint8Array(6) });
  session.fail("enough");
  await session.ended;
  await portal.ended();
}

Deno.test("A14: the login uses up no CmdSN: the first command carries the same one", async () => {
  for (const cmdSN of [1, 0x7fff_ffff, 0xffff_ffff]) {
    await withSession(async (target) => {
      const seen: number[] = [];
      for (let i = 0; i < 2; i++) {
        const { header } = await target.loginRequest();
        assert.equal(header.immediate, true);
        seen.push(header.cmdSN);
        await target.answerLogin(header);
      }
      const command = (await target.expect(Opcode.SCSI_COMMAND)).as(ScsiCommand);
      assert.equal(command.immediate, false);
      assert.deepEqual([...seen, command.cmdSN], [cmdSN, cmdSN, cmdSN]);
      await target.respond(command.initiatorTaskTag);
    }, { cmdSN });
  }
});

Deno.test("A31: digests begin with the first PDU of full feature phase, and not before", async () => {
  await withSession(async (target) => {
    const security = await target.loginRequest();
    await target.answerLogin(security.header);
    // Neither our last request nor the target's last response has one.
    const operational = await target.loginRequest();
    assert.equal(operational.header.view.byteLength, LoginRequest.length);
    await target.answerLogin(operational.header, { HeaderDigest: "CRC32C", DataDigest: "CRC32C" });
    target.headerDigest = target.dataDigest = true;
    const command = (await target.expect(Opcode.SCSI_COMMAND)).as(ScsiCommand);
    await target.respond(command.initiatorTaskTag);
  }, { headerDigest: true, dataDigest: true });
});

/** The hands of its clock are put by days, again and again; what it counts goes on evenly. */
class SetClock extends LeapingClock {
  #moves = 0;

  override now(): Date {
    return new Date(super.now().getTime() + (++this.#moves % 2 === 0 ? 1 : -1) * 86_400_000);
  }
}

Deno.test("A149: a clock that is put forward and back ends no session, and makes none wait", async () => {
  const world = new InitiatorWorld({ node: { clock: new SetClock() } });
  const disk = await world.openDisk();
  for (let i = 0; i < 20; i++) {
    await new Promise<void>((then) => world.node.clock.after(3000, then));
    world.node.clock.now();
    await disk.write(i * 512, new Uint8Array(512), 0, 512);
  }
  assert.equal(world.kept.sessionCount, 1);
  assert.ok(world.node.clock.nowMs() < 120_000);
  await disk.close();
  await world.close();
});
