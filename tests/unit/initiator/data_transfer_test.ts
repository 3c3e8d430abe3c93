/** How data moves: at every cut of the stream, with and without digests, asked for or not. */
import assert from "node:assert/strict";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { DataIn } from "../../../lib/iscsi/pdu/data_in.ts";
import { DataOut } from "../../../lib/iscsi/pdu/data_out.ts";
import type { PipeEnd } from "../../support/byte_pipe.ts";
import { failureOf, ScriptedSession } from "../../support/scripted_session.ts";
import type { ScriptedTarget } from "../../support/scripted_target.ts";
import { turns } from "../../support/turns.ts";

const DIGESTS = { HeaderDigest: "CRC32C", DataDigest: "CRC32C" };
const WANT_DIGESTS = { headerDigest: true, dataDigest: true };

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8)) & 0xff);
}

/** Data-In PDUs of these lengths, in one write. */
function dataIns(target: ScriptedTarget, tag: number, data: Uint8Array, lengths: number[]) {
  const pdus: number[] = [];
  let at = 0;
  lengths.forEach((length, i) => {
    const hasStatus = i === lengths.length - 1;
    const statSN = hasStatus ? target.takeStatSN() : 0;
    const fields = {
      ...{ initiatorTaskTag: tag, targetTransferTag: 0xffffffff, statSN },
      ...{ dataSN: i, bufferOffset: at, final: hasStatus, hasStatus },
    };
    pdus.push(...target.pdu(Opcode.DATA_IN, DataIn, fields, data.subarray(at, at + length)));
    at += length;
  });
  return target.sendRaw(Uint8Array.from(pdus));
}

Deno.test("Data-In arrives whole however the stream is cut", async () => {
  const lengths = [0, 1, 3, 512, 4096, 12_001, 30_000];
  const data = pattern(lengths.reduce((sum, length) => sum + length, 0));
  for (const digests of [false, true]) {
    for (const readLimit of [1, 2, 7, 47, 48, 49, 1000, 4097, 50_000]) {
      const scripted = await ScriptedSession.begin(async (target) => {
        for (let i = 0; i < 2; i++) {
          const { initiatorTaskTag } = await target.command();
          await dataIns(target, initiatorTaskTag, data, lengths);
        }
      }, { readLimit, keys: digests ? DIGESTS : {}, login: digests ? WANT_DIGESTS : {} });
      const got = [new Uint8Array(data.length), new Uint8Array(data.length)];
      const results = await Promise.all(got.map((into) => scripted.read(data.length, into)));
      for (const { status, transferred } of results) {
        assert.deepEqual([status, transferred], [0, data.length]);
      }
      for (const each of got) assert.deepEqual(each, data);
      await scripted.end();
    }
  }
});

Deno.test("A66: damaged data ends the session, and is no success", async () => {
  for (const readLimit of [Infinity, 5000]) {
    for (const where of [0, 60, 20_000, 40_000]) {
      const scripted = await ScriptedSession.begin(async (target) => {
        const { initiatorTaskTag } = await target.command();
        const statSN = target.takeStatSN();
        const fields = { initiatorTaskTag, hasStatus: true, statSN };
        const pdu = target.pdu(Opcode.DATA_IN, DataIn, fields, pattern(40_000));
        pdu[Math.min(where, pdu.length - 1)]! ^= 0x10;
        await target.sendRaw(pdu);
      }, { readLimit, keys: DIGESTS, login: WANT_DIGESTS });
      const failure = await failureOf(scripted.read(40_000));
      assert.equal(failure.kind, "session-lost");
      assert.match(failure.message, where < 48 ? /header digest error/ : /data digest error/);
      await scripted.end();
    }
  }
});

Deno.test("A57: data goes along with a command as the four combinations allow", async () => {
  const length = 200_000;
  const firstBurst = 20_000;
  const segment = 8192;
  for (const initialR2T of [true, false]) {
    for (const immediateData of [true, false]) {
      const keys = {
        ...{ InitialR2T: initialR2T ? "Yes" : "No", ImmediateData: immediateData ? "Yes" : "No" },
        ...{ FirstBurstLength: String(firstBurst), MaxBurstLength: "65536" },
        MaxRecvDataSegmentLength: String(segment),
      };
      const expected = immediateData ? segment : 0;
      const unasked = initialR2T ? expected : firstBurst;
      const received = new Uint8Array(length);
      const scripted = await ScriptedSession.begin(async (target) => {
        const pdu = await target.expect(Opcode.SCSI_COMMAND);
        const tag = pdu.as(DataOut).initiatorTaskTag;
        assert.equal(pdu.data.length, expected);
        received.set(pdu.data);
        assert.equal((pdu.header[1]! & 0x80) !== 0, unasked === expected, "F of the command");
        let at = expected;
        if (unasked > expected) {
          const { data, headers } = await target.burst();
          assert.equal(headers[0]!.targetTransferTag, 0xffffffff);
          assert.deepEqual(headers.map(({ dataSN }) => dataSN), [...headers.keys()]);
          assert.equal(headers[0]!.bufferOffset, expected);
          received.set(data, at);
          at += data.length;
          assert.equal(at, unasked);
        }
        for (let r2tSN = 0; at < length; r2tSN++) {
          const burstLength = Math.min(65_536, length - at);
          await target.r2t(tag, {
            ...{ r2tSN, targetTransferTag: 9 + r2tSN, bufferOffset: at },
            desiredDataTransferLength: burstLength,
          });
          const { data, headers } = await target.burst();
          assert.equal(data.length, burstLength);
          for (const { targetTransferTag } of headers) assert.equal(targetTransferTag, 9 + r2tSN);
          assert.ok(headers.every(({ dataSegmentLength }) => dataSegmentLength <= segment));
          received.set(data, at);
          at += data.length;
        }
        await target.respond(tag);
      }, { keys, login: { initialR2T, immediateData } });
      const sent = pattern(length);
      const { status, transferred } = await scripted.write(sent);
      assert.deepEqual([status, transferred], [0, length]);
      assert.deepEqual(received, sent);
      await scripted.end();
    }
  }
});

Deno.test("What an R2T asks for leaves before new commands do", async () => {
  const keys = {
    ImmediateData: "No",
    MaxRecvDataSegmentLength: "65536",
    MaxBurstLength: "1048576",
  };
  const order: string[] = [];
  const begun = Promise.withResolvers<PipeEnd>();
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    target.stream.stopTaking();
    await target.r2t(initiatorTaskTag, { desiredDataTransferLength: 1_000_000 });
    begun.resolve(target.stream);
    while (order.filter((what) => what === "command").length < 10) {
      const pdu = await target.receive();
      if (pdu === null) return;
      order.push(pdu.opcode === Opcode.DATA_OUT ? "data" : "command");
    }
  }, { keys, login: { immediateData: false } });
  const writes = [scripted.write(pattern(1_000_000))];
  const stream = await begun.promise;
  await turns();
  // Part of the data is laid out, most has found no room, when the others are asked for.
  for (let i = 0; i < 10; i++) writes.push(scripted.write(pattern(512)));
  await turns();
  stream.takeAgain();
  await Promise.allSettled(writes.map((write) => Promise.race([write, scripted.portal.ended()])));
  await Promise.allSettled([scripted.end(), ...writes]);
  assert.ok(order.indexOf("command") > 10, `${order}`);
  assert.ok(order.lastIndexOf("data") < order.indexOf("command"), `${order}`);
});

Deno.test("A read that ends early says how much there was", async () => {
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    await target.dataIn(initiatorTaskTag, pattern(1000), { underflow: true, residualCount: 24 });
    const next = await target.command();
    await target.dataIn(next.initiatorTaskTag, pattern(1024), {
      overflow: true,
      residualCount: 512,
    });
  });
  const first = await scripted.read(1024);
  assert.deepEqual([first.transferred, first.overflow], [1000, 0]);
  const second = await scripted.read(1024);
  assert.deepEqual([second.transferred, second.overflow], [1024, 512]);
  await scripted.end();
});

Deno.test("A write whose status comes before its data has left is over when that has", async () => {
  const keys = { InitialR2T: "Yes", ImmediateData: "No", MaxRecvDataSegmentLength: "512" };
  const scripted = await ScriptedSession.begin(async (target) => {
    const { initiatorTaskTag } = await target.command();
    await target.r2t(initiatorTaskTag, { desiredDataTransferLength: 65_536 });
    await target.check(initiatorTaskTag, 5, 0x2100);
    const { data } = await target.burst();
    assert.equal(data.length, 65_536);
  }, { keys, login: { immediateData: false } });
  const { status, sense } = await scripted.write(pattern(65_536));
  assert.deepEqual([status, sense?.key, sense?.code], [2, 5, 0x2100]);
  await scripted.end();
});
