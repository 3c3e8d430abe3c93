import assert from "node:assert/strict";
import fc from "fast-check";
import { BHS_LENGTH, RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { DataIn } from "../../../lib/iscsi/pdu/data_in.ts";
import { LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import { TextRequest } from "../../../lib/iscsi/pdu/text_request.ts";
import { TargetServer } from "../../../lib/target/server.ts";
import { bytePipe } from "../../support/byte_pipe.ts";
import {
  DISCOVERY,
  ENDPOINT,
  loginRequest,
  type RequestFields,
  testNode,
  textOf,
} from "../../support/login.ts";
import { concatenate, type TestInitiator } from "../../support/test_initiator.ts";
import { TestTarget } from "../../support/test_target.ts";

const CMD_SN = 0xfffffff0;

function textRequest(text: Uint8Array, cmdSN: number): Uint8Array {
  const octets = new Uint8Array(BHS_LENGTH + ((text.length + 3) & ~3));
  const request = new TextRequest(octets);
  request.opcode = Opcode.TEXT_REQUEST;
  request.final = true;
  request.initiatorTaskTag = 77;
  request.targetTransferTag = RESERVED_TAG;
  request.cmdSN = cmdSN;
  request.dataSegmentLength = text.length;
  octets.set(text, BHS_LENGTH);
  return octets;
}

function logoutRequest(cmdSN: number): Uint8Array {
  const octets = new Uint8Array(BHS_LENGTH);
  const request = new LogoutRequest(octets);
  request.opcode = Opcode.LOGOUT_REQUEST;
  request.final = true;
  request.initiatorTaskTag = 78;
  request.cmdSN = cmdSN;
  return octets;
}

/**
 * A discovery from its first octet to its last: login in fragments and stages, SendTargets,
 * logout.
 */
function discovery(): Uint8Array {
  const keys = textOf({ ...DISCOVERY, AuthMethod: "None" });
  const security: RequestFields = { currentStage: 0 };
  return concatenate([
    loginRequest({ ...security, continue: true }, keys.subarray(0, 19)),
    loginRequest({ ...security, transit: true, nextStage: 1 }, keys.subarray(19)),
    loginRequest(
      { transit: true, currentStage: 1, nextStage: 3 },
      textOf({ HeaderDigest: "None", MaxRecvDataSegmentLength: "4096" }),
    ),
    textRequest(textOf({ SendTargets: "All" }), CMD_SN),
    logoutRequest(CMD_SN + 1),
  ]);
}

/** Everything that a fresh target answers to octets which come in pieces of these lengths. */
async function answersTo(octets: Uint8Array, lengths: readonly number[]): Promise<Uint8Array> {
  const server = new TargetServer(testNode());
  const [ours, theirs] = bytePipe();
  const ended = server.run(theirs, ENDPOINT);
  let at = 0;
  for (const length of [...lengths, octets.length]) {
    const piece = octets.subarray(at, at + length);
    at += piece.length;
    if (piece.length > 0) await ours.write(piece);
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }
  const parts: Uint8Array[] = [];
  const chunk = new Uint8Array(1 << 16);
  for (let count = await ours.read(chunk); count !== null; count = await ours.read(chunk)) {
    parts.push(chunk.slice(0, count));
  }
  ours.close();
  await ended;
  await server.close({ drainMs: 0 });
  return concatenate(parts);
}

async function declare(initiator: TestInitiator, length: number): Promise<void> {
  const text = textOf({ MaxRecvDataSegmentLength: String(length) });
  await initiator.sendRaw(textRequest(text, initiator.cmdSN));
  initiator.cmdSN = (initiator.cmdSN + 1) >>> 0;
  const response = (await initiator.receive())!;
  assert.equal(response.opcode, Opcode.TEXT_RESPONSE);
}

Deno.test("A discovery is answered alike whole, octet by octet and cut at random", async () => {
  const octets = discovery();
  const expected = await answersTo(octets, []);
  assert.match(new TextDecoder().decode(expected), /TargetName=.*TargetAddress=/s);
  assert.equal(expected.length % 4, 0);
  const bitwise = await answersTo(octets, new Array(octets.length).fill(1));
  assert.deepEqual(bitwise, expected);
  const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(lengths, async (cuts) => {
      assert.deepEqual(await answersTo(octets, cuts), expected);
    }),
    { numRuns: 40 },
  );
});

Deno.test("B-08: an initiator that leaves anywhere in its login leaves nothing behind", async () => {
  const octets = discovery();
  const node = testNode();
  const server = new TargetServer(node);
  for (let length = 0; length < octets.length; length += 3) {
    const [ours, theirs] = bytePipe();
    const ended = server.run(theirs, ENDPOINT);
    if (length > 0) await ours.write(octets.subarray(0, length));
    ours.close();
    await ended;
    assert.equal(server.connectionCount, 0);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    assert.equal(node.sessions.size, 0, `after ${length} octets`);
  }
  await server.close({ drainMs: 0 });
});

Deno.test("A35: data segments keep to what the initiator says in full feature phase", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ MaxRecvDataSegmentLength: "8192" });
  for (const longest of [1024, 4096, 512]) {
    await declare(initiator, longest);
    await initiator.command({ cdb: [0x28, 0, 0, 0, 0, 0, 0, 0, 16, 0], read: true, length: 8192 });
    for (let received = 0; received < 8192;) {
      const pdu = (await initiator.receive())!;
      assert.equal(pdu.opcode, Opcode.DATA_IN);
      assert.equal(pdu.data.length, longest);
      received += pdu.data.length;
      assert.equal(pdu.as(DataIn).final, received === 8192);
    }
  }
  await target.close();
});
