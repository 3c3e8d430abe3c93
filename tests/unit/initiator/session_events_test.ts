/** What happens to a session besides commands: pings, events, the window, the end. */
import assert from "node:assert/strict";
import { CommandWindow } from "../../../lib/initiator/command_window.ts";
import { RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { AsyncEvent, AsyncMessage } from "../../../lib/iscsi/pdu/async_message.ts";
import { LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import { LogoutResponse } from "../../../lib/iscsi/pdu/logout_response.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { NopOut } from "../../../lib/iscsi/pdu/nop_out.ts";
import { failureOf, ScriptedSession } from "../../support/scripted_session.ts";
import type { ScriptedTarget } from "../../support/scripted_target.ts";

const DATA = new Uint8Array(512).fill(7);

async function pong(target: ScriptedTarget, tag: number): Promise<void> {
  await target.send(Opcode.NOP_IN, NopIn, {
    ...{ initiatorTaskTag: tag, targetTransferTag: RESERVED_TAG, statSN: target.takeStatSN() },
  });
}

Deno.test("A77: a ping of the target is answered with its tag and LUN, at once", async () => {
  const lun = Uint8Array.of(0, 5, 0, 0, 0, 0, 0, 0);
  const scripted = await ScriptedSession.begin(async (target) => {
    await target.send(Opcode.NOP_IN, NopIn, {
      ...{ initiatorTaskTag: RESERVED_TAG, targetTransferTag: 0x1234, lun, statSN: target.statSN },
    });
    const pdu = await target.expect(Opcode.NOP_OUT);
    const answer = pdu.as(NopOut);
    assert.deepEqual(
      [answer.immediate, answer.final, answer.initiatorTaskTag, answer.targetTransferTag],
      [true, true, RESERVED_TAG, 0x1234],
    );
    assert.deepEqual(answer.lun.slice(), lun);
    // One that wants no answer gets none: the next PDU is the command.
    await target.send(Opcode.NOP_IN, NopIn, {
      ...{ initiatorTaskTag: RESERVED_TAG, targetTransferTag: RESERVED_TAG, statSN: target.statSN },
    });
    const command = await target.command();
    // 11.19.2: neither used a StatSN up.
    assert.equal(command.expStatSN, target.statSN);
    await target.dataIn(command.initiatorTaskTag, DATA);
  });
  assert.equal((await scripted.read(512)).status, 0);
  await scripted.end();
});

Deno.test("A78: a silent target is asked, and lives as long as it answers", async () => {
  let pings = 0;
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    for (; pings < 5; pings++) {
      const ping = await target.expect(Opcode.NOP_OUT);
      assert.equal(ping.as(NopOut).targetTransferTag, RESERVED_TAG);
      await pong(target, ping.as(NopOut).initiatorTaskTag);
    }
    await target.dataIn(initiatorTaskTag, DATA);
  });
  assert.equal((await scripted.read(512)).status, 0);
  // Half of the probe time each.
  assert.ok(scripted.node.clock.nowMs() >= 12_500);
  await scripted.end();
});

Deno.test("A dead target is noticed within the probe time", async () => {
  for (const probeTimeMs of [1000, 5000, 20_000]) {
    const scripted = await ScriptedSession.begin(async (target) => {
      await target.command();
      await target.expectEnd();
    }, { node: { limits: { probeTimeMs } } });
    const sinceMs = scripted.node.clock.nowMs();
    const failure = await failureOf(scripted.read(512));
    assert.equal(failure.kind, "session-lost");
    const took = scripted.node.clock.nowMs() - sinceMs;
    assert.ok(took >= probeTimeMs && took <= probeTimeMs * 1.2 + 1000, `${took} ms`);
    await scripted.end();
  }
});

Deno.test("A86: a session that the target drops is lost at once, with the time to wait", async () => {
  for (const asyncEvent of [AsyncEvent.SESSION_DROPPED, AsyncEvent.CONNECTION_DROPPED]) {
    const scripted = await ScriptedSession.begin(async (target) => {
      await target.command();
      await target.send(Opcode.ASYNC_MESSAGE, AsyncMessage, {
        ...{ asyncEvent, parameter2: 7, statSN: target.takeStatSN() },
      });
    });
    const failure = await failureOf(scripted.read(512));
    assert.match(failure.message, /the target drops/);
    assert.equal((await scripted.session.ended).time2WaitMs, 7000);
    assert.equal((await scripted.session.ended).isOrderly, false);
    await scripted.end();
    assert.equal((await failureOf(scripted.read(512))).kind, "not-sent");
  }
});

Deno.test("A86: events tell of unit attentions and wanted logouts; unknown ones are passed over", async () => {
  const heard: unknown[] = [];
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    const event = (fields: Partial<InstanceType<typeof AsyncMessage>>, data?: Uint8Array) =>
      target.send(Opcode.ASYNC_MESSAGE, AsyncMessage, {
        ...{ ...fields, statSN: target.takeStatSN() },
      }, data);
    await event({ asyncEvent: 200 });
    await event({ asyncEvent: AsyncEvent.VENDOR_SPECIFIC }, new Uint8Array(100));
    const sense = Uint8Array.of(
      0,
      18,
      0x70,
      0,
      6,
      0,
      0,
      0,
      0,
      10,
      0,
      0,
      0,
      0,
      0x3f,
      0x0e,
      0,
      0,
      0,
      0,
    );
    await event({ lun: Uint8Array.of(0, 3, 0, 0, 0, 0, 0, 0) }, sense);
    await event({ asyncEvent: AsyncEvent.LOGOUT_REQUESTED, parameter3: 10 });
    await target.dataIn(initiatorTaskTag, DATA);
  });
  scripted.session.listener = {
    attention: (lun, { key, code }) => heard.push([lun, key, code]),
    logoutRequested: (seconds) => heard.push(seconds),
  };
  assert.equal((await scripted.read(512)).status, 0);
  assert.deepEqual(heard, [[3, 6, 0x3f0e], 10]);
  await scripted.end();
});

Deno.test("A49: CommandWindow takes only what is sound and new", () => {
  const window = new CommandWindow(0xffff_fffe);
  assert.equal(window.isOpen, false);
  assert.equal(window.update(0xffff_fffe, 0x1), true);
  for (let i = 0; i < 4; i++) {
    assert.equal(window.isOpen, true);
    window.take();
  }
  assert.equal(window.isOpen, false);
  assert.equal(window.cmdSN, 2);
  // MaxCmdSN before ExpCmdSN - 1: both are ignored.
  assert.equal(window.update(5, 3), false);
  assert.equal(window.expCmdSN, 0xffff_fffe);
  // An older one changes nothing.
  assert.equal(window.update(0, 0), false);
  assert.deepEqual([window.expCmdSN, window.maxCmdSN], [0, 1]);
  // A closed one is sound.
  assert.equal(window.update(2, 1), false);
  assert.equal(window.expCmdSN, 2);
  assert.equal(window.update(2, 2), true);
});

Deno.test("A44: no more commands are under way than the window allows, also as CmdSN wraps", async () => {
  let most = 0;
  const scripted = await ScriptedSession.begin(async (target) => {
    target.windowLength = 3;
    target.expCmdSN = 0xffff_fffa;
    const waiting: number[] = [];
    for (let seen = 0; seen < 20;) {
      const pdu = await target.receive();
      if (pdu === null) return;
      if (pdu.opcode !== Opcode.SCSI_COMMAND) continue;
      waiting.push(pdu.as(NopOut).initiatorTaskTag);
      seen++;
      most = Math.max(most, waiting.length);
      if (waiting.length < 3 && seen < 20) continue;
      for (const tag of waiting.splice(0)) await target.dataIn(tag, DATA);
    }
  }, { login: { cmdSN: 0xffff_fffa } });
  scripted.session.window.maxCmdSN = 0xffff_fffc;
  await Promise.all(Array.from({ length: 20 }, () => scripted.read(512)));
  assert.equal(most, 3);
  assert.equal(scripted.session.window.cmdSN, (0xffff_fffa + 20) >>> 0);
  await scripted.end();
});

Deno.test("A49: a window that stays closed is waited for, and then the session is lost", async () => {
  const scripted = await ScriptedSession.begin(async (target) => {
    target.windowLength = 0;
    const { initiatorTaskTag } = await target.command();
    await target.dataIn(initiatorTaskTag, DATA);
    for (;;) {
      const pdu = await target.receive();
      if (pdu === null) return;
      assert.equal(pdu.opcode, Opcode.NOP_OUT, "only immediate PDUs");
      await pong(target, pdu.as(NopOut).initiatorTaskTag);
    }
  });
  scripted.session.window.maxCmdSN = scripted.session.window.cmdSN;
  await scripted.read(512);
  const failure = await failureOf(scripted.read(512));
  assert.match(failure.message, /keeps its command window closed/);
  assert.equal(failure.kind, "not-sent");
  await scripted.end();
});

Deno.test("A logout is in order, and does not wait for a target that never answers", async () => {
  const answering = await ScriptedSession.begin(async (target) => {
    const pdu = await target.expect(Opcode.LOGOUT_REQUEST);
    const request = pdu.as(LogoutRequest);
    assert.deepEqual([request.reason, request.immediate, request.cid], [0, true, 1]);
    await target.send(Opcode.LOGOUT_RESPONSE, LogoutResponse, {
      ...{ initiatorTaskTag: request.initiatorTaskTag, statSN: target.takeStatSN() },
    });
  });
  await answering.session.logout();
  assert.deepEqual((await answering.session.ended).isOrderly, true);
  await answering.end();

  const silent = await ScriptedSession.begin((target) => target.expectEnd());
  const sinceMs = silent.node.clock.nowMs();
  await silent.session.logout();
  assert.ok(silent.node.clock.nowMs() - sinceMs <= 5000);
  assert.equal((await silent.session.ended).isOrderly, false, "nothing is known of what is left");
  await silent.end();
});

Deno.test("More commands at once than a session may hold are refused, the others carried out", async () => {
  const scripted = await ScriptedSession.begin(async (target) => {
    for (let i = 0; i < 4; i++) {
      const { initiatorTaskTag } = await target.command();
      await target.dataIn(initiatorTaskTag, DATA);
    }
  }, { node: { limits: { commandsOfSession: 4 } } });
  const reads = Array.from({ length: 5 }, () => scripted.read(512));
  const failure = await failureOf(reads[4]!);
  assert.equal(failure.kind, "not-sent");
  assert.match(failure.message, /more than 4 commands at once/);
  for (const { status } of await Promise.all(reads.slice(0, 4))) assert.equal(status, 0);
  await scripted.end();
});
