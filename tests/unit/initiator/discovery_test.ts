/** Discovery: what a portal offers, from targets that tell it plainly, oddly, or without end. */
import assert from "node:assert/strict";
import { discover, type DiscoveredTarget, readTargets } from "../../../lib/initiator/discover.ts";
import { InitiatorError } from "../../../lib/initiator/initiator_error.ts";
import { RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import { LogoutResponse } from "../../../lib/iscsi/pdu/logout_response.ts";
import { Reject } from "../../../lib/iscsi/pdu/reject.ts";
import { TextRequest } from "../../../lib/iscsi/pdu/text_request.ts";
import { TextResponse } from "../../../lib/iscsi/pdu/text_response.ts";
import { MemoryNetwork, PORTAL, PORTAL_TEXT } from "../../support/initiator_node.ts";
import { textOf } from "../../support/login.ts";
import { ScriptedPortal, type ScriptedTarget } from "../../support/scripted_target.ts";
import { LeapingClock } from "../../support/test_clock.ts";

const ASKED = { host: "192.0.2.1", port: 3260, portalGroupTag: undefined };

/** Runs a discovery; the script begins with the question. */
async function discovery(
  answer: (target: ScriptedTarget, tag: number) => Promise<void>,
): Promise<readonly DiscoveredTarget[]> {
  const network = new MemoryNetwork();
  const portal = new ScriptedPortal(async (target) => {
    const security = await target.loginRequest();
    assert.match(security.text, /SessionType=Discovery\0/);
    assert.doesNotMatch(security.text, /TargetName/);
    await target.answerLogin(security.header);
    const operational = await target.loginRequest();
    assert.doesNotMatch(operational.text, /MaxBurstLength|InitialR2T|MaxConnections/);
    await target.answerLogin(operational.header);
    const question = await target.expect(Opcode.TEXT_REQUEST);
    const { initiatorTaskTag, targetTransferTag, final } = question.as(TextRequest);
    assert.deepEqual([targetTransferTag, final], [RESERVED_TAG, true]);
    assert.equal(new TextDecoder().decode(question.data), "SendTargets=All\0");
    await answer(target, initiatorTaskTag);
    for (;;) {
      const pdu = await target.receive();
      if (pdu === null) return;
      if (pdu.opcode !== Opcode.LOGOUT_REQUEST) continue;
      await target.send(Opcode.LOGOUT_RESPONSE, LogoutResponse, {
        initiatorTaskTag: pdu.as(LogoutRequest).initiatorTaskTag,
        statSN: target.takeStatSN(),
      });
      target.stream.close();
    }
  });
  network.portals.set(PORTAL_TEXT, portal.answering);
  try {
    return await discover(network.node({ clock: new LeapingClock() }), { portal: PORTAL });
  } finally {
    await portal.ended();
  }
}

async function say(
  target: ScriptedTarget,
  initiatorTaskTag: number,
  text: Uint8Array,
  fields: { final?: boolean; continue?: boolean; targetTransferTag?: number } = {},
): Promise<void> {
  await target.send(Opcode.TEXT_RESPONSE, TextResponse, {
    ...{ initiatorTaskTag, targetTransferTag: RESERVED_TAG, statSN: target.takeStatSN() },
    ...fields,
  }, text);
}

Deno.test("An answer may come in many PDUs, cut anywhere", async () => {
  const names = Array.from({ length: 40 }, (_, i) => `iqn.2026-01.org.example:disk${i}`);
  const text = textOf(names.flatMap((name) => [
    ["TargetName", name] as const,
    ["TargetAddress", "192.0.2.1:3260,1"] as const,
    ["TargetAddress", "[2001:db8::1]:3261,2"] as const,
  ]));
  const found = await discovery(async (target, tag) => {
    for (let at = 0; at < text.length; at += 777) {
      const isLast = at + 777 >= text.length;
      await say(target, tag, text.subarray(at, at + 777), {
        ...{ final: isLast, continue: !isLast },
        targetTransferTag: isLast ? RESERVED_TAG : 42,
      });
      if (isLast) break;
      const more = await target.expect(Opcode.TEXT_REQUEST);
      const { initiatorTaskTag, targetTransferTag } = more.as(TextRequest);
      assert.deepEqual([initiatorTaskTag, targetTransferTag, more.data.length], [tag, 42, 0]);
    }
  });
  assert.deepEqual(found.map(({ name }) => name), names);
  assert.deepEqual(found[39]!.addresses, [
    { host: "192.0.2.1", port: 3260, portalGroupTag: 1 },
    { host: "2001:db8::1", port: 3261, portalGroupTag: 2 },
  ]);
});

Deno.test("A82: what is no name or no address is left out", () => {
  const pairs = [
    ["TargetAddress", "192.0.2.9:3260,1"], // of no target
    ["TargetName", "not a name"],
    ["TargetAddress", "192.0.2.8:3260,1"],
    ["TargetName", "IQN.2026-01.org.example:One"],
    ["TargetAddress", "192.0.2.1:99999,1"],
    ["TargetAddress", "192.0.2.2:3260,1"],
    ["TargetName", "iqn.2026-01.org.example:two"],
    ["X-unknown", "?"],
    ["TargetName", "iqn.2026-01.org.example:one"],
    ["TargetAddress", "192.0.2.3:3260,1"],
  ] as const;
  assert.deepEqual(readTargets(pairs, ASKED), [
    {
      name: "iqn.2026-01.org.example:one",
      addresses: [
        { host: "192.0.2.2", port: 3260, portalGroupTag: 1 },
        { host: "192.0.2.3", port: 3260, portalGroupTag: 1 },
      ],
    },
    { name: "iqn.2026-01.org.example:two", addresses: [ASKED] },
  ]);
});

Deno.test("A portal that offers nothing has no targets", async () => {
  assert.deepEqual(await discovery((target, tag) => say(target, tag, new Uint8Array(0))), []);
});

/** Goes on for as long as it is asked to. */
async function endless(target: ScriptedTarget, tag: number, text: Uint8Array): Promise<void> {
  for (;;) {
    await say(target, tag, text, { final: false, continue: true, targetTransferTag: 1 });
    if (await target.receive() === null) return;
  }
}

Deno.test("A82, B-20: an answer without end is cut off", async () => {
  const long = new Uint8Array(200_000).fill(0x61);
  await assert.rejects(
    discovery((target, tag) => endless(target, tag, long)),
    /more than 4194304 octets of text/,
  );
  await assert.rejects(
    discovery((target, tag) => endless(target, tag, new Uint8Array(0))),
    /more than 4096 Text Responses/,
  );
  const items = textOf(Array.from({ length: 70_000 }, () => ["A", "1"] as const));
  await assert.rejects(
    discovery(async (target, tag) => {
      await say(target, tag, items.subarray(0, 200_000), {
        ...{ final: false, continue: true, targetTransferTag: 1 },
      });
      if (await target.receive() !== null) await say(target, tag, items.subarray(200_000));
    }),
    /more than 65536 keys/,
  );
});

Deno.test("A147: a target that does not answer SendTargets is given up in time", async () => {
  await assert.rejects(
    discovery((target) => target.expectEnd()),
    /has not been heard|does not answer SendTargets/,
  );
});

Deno.test("A target that answers a question wrongly is told apart", async () => {
  const wrongs: [(target: ScriptedTarget, tag: number) => Promise<void>, RegExp][] = [
    [(target, tag) => say(target, tag + 1, new Uint8Array(0)), /to another request/],
    [(target, tag) => say(target, tag, new Uint8Array(0), { final: false }), /without a tag/],
    [
      (target, tag) => say(target, tag, new Uint8Array(0), { continue: true }),
      /is final and goes on/,
    ],
    [(target, tag) => say(target, tag, Uint8Array.of(0x61)), /does not end in NUL/],
    [(target, tag) => say(target, tag, textOf([["", ""]])), /is not a key name/],
    [
      (target, tag) => {
        const header = new Uint8Array(48);
        header[0] = 0x40 | Opcode.TEXT_REQUEST;
        new DataView(header.buffer).setUint32(16, tag);
        return target.send(Opcode.REJECT, Reject, {
          ...{ reason: 5, initiatorTaskTag: RESERVED_TAG, statSN: target.takeStatSN() },
        }, header);
      },
      /rejects the question: command not supported/,
    ],
  ];
  for (const [act, message] of wrongs) {
    await assert.rejects(discovery(act), (error) => {
      assert.ok(error instanceof InitiatorError, "it is no fault of ours");
      assert.match(error.message, /^discovery at 192\.0\.2\.1:3260: /);
      assert.match(error.message, message);
      return true;
    });
  }
});
