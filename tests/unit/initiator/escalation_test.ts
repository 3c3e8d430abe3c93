/** A96: commands that take too long are ended by ever stronger means. */
import assert from "node:assert/strict";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { NopOut } from "../../../lib/iscsi/pdu/nop_out.ts";
import {
  TaskManagementFunction,
  TaskManagementRequest,
} from "../../../lib/iscsi/pdu/task_management_request.ts";
import {
  TaskManagementOutcome,
  TaskManagementResponse,
} from "../../../lib/iscsi/pdu/task_management_response.ts";
import { failureOf, ScriptedSession } from "../../support/scripted_session.ts";
import type { ScriptedTarget } from "../../support/scripted_target.ts";
import { turns } from "../../support/turns.ts";

const { ABORT_TASK, LOGICAL_UNIT_RESET } = TaskManagementFunction;
const { FUNCTION_COMPLETE, TASK_DOES_NOT_EXIST, FUNCTION_NOT_SUPPORTED } = TaskManagementOutcome;

/** What the target did with each function, in turn; undefined: it does not answer. */
type Answers = (number | undefined)[];

interface Seen {
  readonly functionCode: number;
  readonly referencedTaskTag: number;
  readonly refCmdSN: number;
}

/** Takes commands and never ends them; answers pings, and functions as told. */
async function stubborn(target: ScriptedTarget, answers: Answers, seen: Seen[]): Promise<void> {
  for (;;) {
    const pdu = await target.receive();
    if (pdu === null) return;
    if (pdu.opcode === Opcode.NOP_OUT) {
      await target.send(Opcode.NOP_IN, NopIn, {
        initiatorTaskTag: pdu.as(NopOut).initiatorTaskTag,
        statSN: target.takeStatSN(),
      });
    } else if (pdu.opcode === Opcode.TASK_MANAGEMENT_REQUEST) {
      const request = pdu.as(TaskManagementRequest);
      assert.equal(request.immediate, true);
      const { functionCode, referencedTaskTag, refCmdSN, initiatorTaskTag } = request;
      const response = answers[seen.length];
      seen.push({ functionCode, referencedTaskTag, refCmdSN });
      if (response === undefined) continue;
      await target.send(Opcode.TASK_MANAGEMENT_RESPONSE, TaskManagementResponse, {
        ...{ initiatorTaskTag, response, statSN: target.takeStatSN() },
      });
    }
  }
}

async function endures(answers: Answers): Promise<{ scripted: ScriptedSession; seen: Seen[] }> {
  const seen: Seen[] = [];
  const scripted = await ScriptedSession.begin((target) => stubborn(target, answers, seen));
  return { scripted, seen };
}

Deno.test("A96: ABORT TASK ends a command that takes too long; the session goes on", async () => {
  for (const response of [FUNCTION_COMPLETE, TASK_DOES_NOT_EXIST]) {
    const { scripted, seen } = await endures([response]);
    const failure = await failureOf(scripted.read(512));
    assert.equal(failure.kind, "timed-out");
    assert.match(failure.message, /no answer within 30 s; the command was aborted/);
    assert.deepEqual(seen, [{ functionCode: ABORT_TASK, referencedTaskTag: 0, refCmdSN: 1 }]);
    assert.equal(scripted.session.isOver, false);
    assert.equal(scripted.session.tasks.size, 0);
    await scripted.end();
  }
});

Deno.test("A96: else the logical unit is reset, which ends all that it had, once", async () => {
  for (const response of [undefined, FUNCTION_NOT_SUPPORTED]) {
    const { scripted, seen } = await endures([response, response, FUNCTION_COMPLETE]);
    const both = await Promise.all([
      failureOf(scripted.read(512)),
      failureOf(scripted.write(new Uint8Array(512))),
    ]);
    for (const { kind } of both) assert.equal(kind, "timed-out");
    assert.deepEqual(seen.map(({ functionCode }) => functionCode), [
      ABORT_TASK,
      ABORT_TASK,
      LOGICAL_UNIT_RESET,
    ]);
    assert.equal(scripted.session.isOver, false);
    await scripted.end();
  }
});

Deno.test("A96: else the session is ended: until then nobody is told that the command has", async () => {
  const { scripted, seen } = await endures([undefined, undefined]);
  const sinceMs = scripted.node.clock.nowMs();
  const failure = await failureOf(scripted.read(512));
  assert.equal(failure.kind, "session-lost");
  assert.match(failure.message, /neither ends a command nor answers/);
  assert.deepEqual(seen.map(({ functionCode }) => functionCode), [ABORT_TASK, LOGICAL_UNIT_RESET]);
  const took = scripted.node.clock.nowMs() - sinceMs;
  assert.ok(took >= 50_000 && took < 53_000, `${took} ms`);
  await scripted.end();
});

Deno.test("A status that comes while a command is being aborted counts", async () => {
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    for (;;) {
      const pdu = await target.receive();
      if (pdu === null) return;
      if (pdu.opcode === Opcode.NOP_OUT) {
        await target.send(Opcode.NOP_IN, NopIn, {
          initiatorTaskTag: pdu.as(NopOut).initiatorTaskTag,
          statSN: target.takeStatSN(),
        });
        continue;
      }
      await target.dataIn(initiatorTaskTag, new Uint8Array(512));
      await target.send(Opcode.TASK_MANAGEMENT_RESPONSE, TaskManagementResponse, {
        ...{ initiatorTaskTag: pdu.as(TaskManagementRequest).initiatorTaskTag },
        ...{ response: TASK_DOES_NOT_EXIST, statSN: target.takeStatSN() },
      });
    }
  });
  assert.equal((await scripted.read(512)).status, 0);
  await turns();
  assert.equal(scripted.session.isOver, false);
  await scripted.end();
});
