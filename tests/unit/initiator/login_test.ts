/** Logins of ours with a target that says whatever a test wants. */
import assert from "node:assert/strict";
import { chapAuthentication } from "../../../lib/initiator/chap.ts";
import type { InitiatorError } from "../../../lib/initiator/initiator_error.ts";
import { logIn, type LogInOptions } from "../../../lib/initiator/log_in.ts";
import { LoginBroken, LoginRefused } from "../../../lib/initiator/login_error.ts";
import type { Session } from "../../../lib/initiator/session.ts";
import { ChapSecret } from "../../../lib/iscsi/chap/secret.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { LoginResponse, LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { MemoryNetwork, PORTAL, PORTAL_TEXT } from "../../support/initiator_node.ts";
import { textOf } from "../../support/login.ts";
import { type Script, ScriptedPortal, type ScriptedTarget } from "../../support/scripted_target.ts";
import { LeapingClock } from "../../support/test_clock.ts";

const NAME = "iqn.2026-01.org.example:disk";

class World {
  readonly network = new MemoryNetwork();
  readonly node = this.network.node({ clock: new LeapingClock() });
  readonly portal: ScriptedPortal;

  constructor(...scripts: Script[]) {
    this.portal = new ScriptedPortal(...scripts);
    this.network.portals.set(PORTAL_TEXT, this.portal.answering);
  }

  async logIn(options: Partial<LogInOptions> = {}): Promise<Session> {
    const all = { portal: PORTAL, targetName: NAME, ...options };
    return (await logIn(this.node, all)).session;
  }

  /** What a login fails with; both sides must have ended. */
  async failure(options: Partial<LogInOptions> = {}): Promise<InitiatorError> {
    const error = await this.logIn(options).then(
      () => assert.fail("the login succeeded"),
      (error: InitiatorError) => error,
    );
    await this.portal.ended();
    assert.equal(this.node.sendBuffers.lent + this.node.receiveBuffers.lent, 0);
    return error;
  }
}

/** Logs in as the initiator wishes, and waits for the end. */
async function obliging(target: ScriptedTarget): Promise<void> {
  await target.logIn();
  await target.expectEnd();
}

Deno.test("A login says its names and keys once, stage by stage", async () => {
  const texts: string[] = [];
  const world = new World(async (target) => {
    const security = await target.loginRequest();
    texts.push(security.text);
    assert.deepEqual([security.header.currentStage, security.header.nextStage], [0, 1]);
    assert.deepEqual([security.header.transit, security.header.tsih], [true, 0]);
    await target.answerLogin(security.header, {
      TargetPortalGroupTag: "3",
      TargetAlias: "the disk",
    });
    const operational = await target.loginRequest();
    texts.push(operational.text);
    assert.deepEqual([operational.header.currentStage, operational.header.nextStage], [1, 3]);
    assert.equal(operational.header.expStatSN, target.statSN);
    await target.answerLogin(operational.header, { MaxBurstLength: "65536", InitialR2T: "Yes" });
    await target.expectEnd();
  });
  const session = await world.logIn();
  assert.equal(
    texts[0],
    `InitiatorName=iqn.2026-01.org.example:host\0SessionType=Normal\0TargetName=${NAME}\0` +
      "AuthMethod=None\0",
  );
  assert.match(texts[1]!, /^MaxRecvDataSegmentLength=262144\0HeaderDigest=None\0DataDigest=None\0/);
  assert.match(texts[1]!, /\0InitialR2T=No\0ImmediateData=Yes\0MaxBurstLength=1048576\0/);
  assert.equal(session.targetPortalGroupTag, 3);
  assert.equal(session.targetAlias, "the disk");
  assert.equal(session.tsih, 7);
  assert.deepEqual(
    [session.parameters.maxBurstLength, session.parameters.initialR2T],
    [65_536, true],
  );
  // What was offered and not answered leaves the default, cut to what was agreed.
  assert.equal(session.parameters.firstBurstLength, 65_536);
  session.fail("enough");
  await session.ended;
  await world.portal.ended();
});

Deno.test("A4: a login goes on where the target is not ready to move on", async () => {
  const world = new World(async (target) => {
    const first = await target.loginRequest();
    await target.answerLogin(first.header, { AuthMethod: "None" }, {
      transit: false,
      nextStage: 0,
    });
    const again = await target.loginRequest();
    assert.equal(again.text, "");
    assert.equal(again.header.transit, true);
    await target.answerLogin(again.header);
    const operational = await target.loginRequest();
    await target.answerLogin(operational.header, { MaxConnections: "1" }, {
      ...{ transit: false, nextStage: 0 },
    });
    const last = await target.loginRequest();
    await target.answerLogin(last.header);
    await target.expectEnd();
  });
  const session = await world.logIn();
  session.fail("enough");
  await session.ended;
  await world.portal.ended();
});

Deno.test("A5: a text of the target may come in pieces, cut anywhere", async () => {
  const world = new World(async (target) => {
    const { header } = await target.loginRequest();
    await target.answerLogin(header);
    const operational = await target.loginRequest();
    const text = textOf({ MaxBurstLength: "4096", FirstBurstLength: "1024" });
    for (const [from, to] of [[0, 1], [1, 9], [9, 16], [16, 19]]) {
      await target.send(Opcode.LOGIN_RESPONSE, LoginResponse, {
        ...{ continue: true, currentStage: 1, isid: operational.header.isid.slice() },
        statSN: target.takeStatSN(),
      }, text.subarray(from, to));
      const { header, text: empty } = await target.loginRequest();
      assert.deepEqual([empty, header.transit], ["", false]);
    }
    await target.send(Opcode.LOGIN_RESPONSE, LoginResponse, {
      ...{ currentStage: 1, isid: operational.header.isid.slice(), statSN: target.takeStatSN() },
    }, text.subarray(19));
    const last = await target.loginRequest();
    assert.equal(last.header.transit, true);
    await target.answerLogin(last.header);
    await target.expectEnd();
  });
  const session = await world.logIn();
  assert.deepEqual(
    [session.parameters.maxBurstLength, session.parameters.firstBurstLength],
    [4096, 1024],
  );
  session.fail("enough");
  await session.ended;
});

Deno.test("A refusal says what the target answered, what that means and what to do", async () => {
  const cases: [number, string, RegExp, RegExp][] = [
    [LoginStatus.AUTHENTICATION_FAILURE, "permission", /authentication failed/, /wants CHAP/],
    [LoginStatus.AUTHORIZATION_FAILURE, "permission", /may not log in/, /access list/],
    [LoginStatus.NOT_FOUND, "not-found", /no such target/, /discovery/],
    [LoginStatus.TARGET_REMOVED, "not-found", /removed/, /discovery/],
    [LoginStatus.SERVICE_UNAVAILABLE, "unreachable", /not available/, /later/],
    [LoginStatus.OUT_OF_RESOURCES, "failed", /out of resources/, /limits/],
    [0x0299, "failed", /the fault is ours/, /log/],
    [0x03ff, "failed", /its own/, /log/],
    [0x0700, "failed", /the fault is ours/, /log/],
  ];
  for (const [status, kind, means, next] of cases) {
    const world = new World(async (target) => {
      const { header } = await target.loginRequest();
      await target.answerLogin(header, [], {
        ...{ transit: false, statusClass: status >>> 8, statusDetail: status & 0xff },
      });
      await target.expectEnd();
    });
    const error = await world.failure();
    assert.ok(error instanceof LoginRefused);
    assert.equal(error.kind, kind);
    assert.match(error.message, means);
    assert.match(error.message, new RegExp(`status 0x${status.toString(16).padStart(4, "0")}`));
    assert.match(error.message, new RegExp(`${NAME} at 192.0.2.1:3260`));
    assert.match(error.next, next);
    assert.equal(error.isTransient, status >>> 8 === 3);
  }
});

Deno.test("A24: redirects are followed, four at most, and never to another target", async () => {
  const redirecting = (to: string, status: number): Script => async (target) => {
    const { header, text } = await target.loginRequest();
    assert.match(text, new RegExp(`TargetName=${NAME}\0`));
    await target.answerLogin(header, { TargetAddress: to }, {
      ...{ transit: false, statusClass: 1, statusDetail: status },
    });
    await target.expectEnd();
  };
  const world = new World(redirecting("192.0.2.2:3261,1", 1), redirecting("x:y", 1));
  const second = new ScriptedPortal(redirecting("[2001:db8::1]", 2));
  world.network.portals.set("192.0.2.2:3261", second.answering);
  const third = new ScriptedPortal(obliging);
  world.network.portals.set("[2001:db8::1]:3260", third.answering);
  const { session, portal, movedTo } = await logIn(world.node, {
    portal: PORTAL,
    targetName: NAME,
  });
  assert.deepEqual(portal, { host: "2001:db8::1", port: 3260, portalGroupTag: undefined });
  // One of the two steps was for now only, so the first portal is still the one to go to.
  assert.equal(movedTo, undefined);
  session.fail("enough");
  await session.ended;
  const wrong = await world.failure();
  assert.match(wrong.message, /redirects to "x:y", which/);

  const endless = new World(redirecting("192.0.2.1:3260,1", 1));
  const error = await endless.failure();
  assert.ok(error instanceof LoginBroken);
  assert.match(error.message, /redirects without end \(4 were followed\)/);
  assert.equal(endless.portal.connectionCount, 5);

  const moved = new World(redirecting("192.0.2.2:3261,1", 2));
  moved.network.portals.set("192.0.2.2:3261", new ScriptedPortal(obliging).answering);
  const outcome = await logIn(moved.node, { portal: PORTAL, targetName: NAME });
  assert.equal(outcome.movedTo?.host, "192.0.2.2");
  outcome.session.fail("enough");
  await outcome.session.ended;

  const nowhere = new World(async (target) => {
    const { header } = await target.loginRequest();
    await target.answerLogin(header, [], { transit: false, statusClass: 1, statusDetail: 1 });
    await target.expectEnd();
  });
  assert.match((await nowhere.failure()).message, /without saying where/);
});

Deno.test("Digests that were asked for and are refused end the login", async () => {
  for (const answer of ["None", "Reject", "NotUnderstood"]) {
    const world = new World(async (target) => {
      const security = await target.loginRequest();
      await target.answerLogin(security.header);
      const { header, text } = await target.loginRequest();
      assert.match(text, /HeaderDigest=CRC32C\0/);
      await target.answerLogin(header, { HeaderDigest: answer });
      await target.expectEnd();
    });
    const error = await world.failure({ headerDigest: true });
    assert.match(error.message, answer === "None" ? /no answer to the offer/ : /no header digests/);
  }
});

/** What a target may do wrong in its answer to the first request, and what is said of it. */
const WRONGS: readonly [string, Partial<Record<string, unknown>>, RegExp][] = [
  ["another task tag", { initiatorTaskTag: 5 }, /answers another login/],
  ["another ISID", { isid: new Uint8Array(6) }, /changes the ISID/],
  ["another version", { versionActive: 1 }, /speaks version 1/],
  ["another stage", { currentStage: 1 }, /is in stage 1 of the login instead of 0/],
  ["a stage that was not asked for", { nextStage: 3 }, /moves on to stage 3/],
  ["moving on in the middle of a text", { continue: true }, /without being asked/],
];

Deno.test("A9 A10: a target that answers a login wrongly is told apart and left", async () => {
  for (const [what, fields, message] of WRONGS) {
    const world = new World(async (target) => {
      const { header } = await target.loginRequest();
      await target.answerLogin(header, [], fields);
      await target.expectEnd();
    });
    const error = await world.failure();
    assert.ok(error instanceof LoginBroken, `${what}: ${error}`);
    assert.equal(error.fault, "protocol");
    assert.match(error.message, message);
  }
});

Deno.test("A target that says wrong keys in a login is told apart and left", async () => {
  const cases: [string, RegExp][] = [
    ["MaxBurstLength=1\0", /MaxBurstLength=1 is no answer/],
    ["MaxBurstLength=9999999\0", /is no answer to the offer/],
    ["MaxBurstLength=512\0MaxBurstLength=512\0", /came twice/],
    ["InitiatorName=iqn.2000-01.x:y\0", /is for the initiator to say/],
    ["AuthMethod=CHAP\0", /AuthMethod has no place in the operational stage/],
    ["DataDigest=CRC32C\0", /is no answer/],
    ["X", /does not end in NUL/],
    ["=x\0", /is not a key name/],
    [`A=${"x".repeat(5000)}\0`, /more than 4096/],
  ];
  for (const [text, message] of cases) {
    const world = new World(async (target) => {
      const security = await target.loginRequest();
      await target.answerLogin(security.header);
      const { header } = await target.loginRequest();
      const isid = header.isid.slice();
      await target.send(Opcode.LOGIN_RESPONSE, LoginResponse, {
        ...{ transit: true, currentStage: 1, nextStage: 3, isid, tsih: 1 },
        statSN: target.takeStatSN(),
      }, new TextEncoder().encode(text));
      await target.expectEnd();
    });
    assert.match((await world.failure()).message, message, text);
  }
});

Deno.test("A6: a login that comes to no end is given up", async () => {
  const endless = new World(async (target) => {
    for (;;) {
      const pdu = await target.receive();
      if (pdu === null) return;
      await target.send(Opcode.LOGIN_RESPONSE, LoginResponse, {
        ...{ isid: pdu.header.slice(8, 14), statSN: target.takeStatSN() },
      });
    }
  });
  assert.match((await endless.failure()).message, /comes to no end: 32 requests/);

  const verbose = new World(async (target) => {
    for (;;) {
      const pdu = await target.receive();
      if (pdu === null) return;
      await target.send(Opcode.LOGIN_RESPONSE, LoginResponse, {
        ...{ continue: true, isid: pdu.header.slice(8, 14), statSN: target.takeStatSN() },
      }, new Uint8Array(8192).fill(0x61));
    }
  });
  assert.match((await verbose.failure()).message, /more than 65536 octets/);
});

Deno.test("A147: a target that does not answer a login is given up in time", async () => {
  const world = new World((target) => target.expectEnd());
  const error = await world.failure();
  assert.ok(error instanceof LoginBroken);
  assert.equal(error.fault, "silence");
  assert.match(error.message, /does not answer the login within 15 s/);
});

Deno.test("A11 A12: what is no Login Response, or too long for one, ends the login", async () => {
  const cases: [(target: ScriptedTarget) => Promise<void>, RegExp][] = [
    [(target) => target.send(Opcode.NOP_IN, NopIn), /opcode 0x20 during login/],
    [
      (target) =>
        target.send(Opcode.LOGIN_RESPONSE, LoginResponse, { dataSegmentLength: 0xffffff }),
      /exceeds the 8192 declared/,
    ],
    [
      (target) => target.send(Opcode.LOGIN_RESPONSE, LoginResponse, { totalAHSLength: 1 }),
      /additional header segments/,
    ],
  ];
  for (const [act, message] of cases) {
    const world = new World(async (target) => {
      await target.loginRequest();
      await act(target);
      await target.expectEnd();
    });
    const error = await world.failure();
    assert.match(error.message, message);
    assert.match(error.message, /^iqn\S+ at 192\.0\.2\.1:3260: the target sends what is no login/);
    assert.ok(error instanceof LoginBroken && error.isTransient);
  }
});

Deno.test("A target that closes during the login is named, and may be tried again", async () => {
  const world = new World(async (target) => {
    await target.loginRequest();
    target.stream.close();
  });
  const error = await world.failure();
  assert.match(error.message, /^iqn\S+ at 192\.0\.2\.1:3260: closed by the peer during the login$/);
  assert.ok(error instanceof LoginBroken && error.isTransient);
  assert.equal(error.kind, "unreachable");
});

const ACCOUNTS = {
  initiator: { user: "alice", secret: new ChapSecret("alice's own word") },
  target: { secret: new ChapSecret("server its word") },
};

Deno.test("B-12: an initiator with CHAP stops where the target does without", async () => {
  const answers: [Record<string, string>, RegExp][] = [
    [{ AuthMethod: "None" }, /answers CHAP with None/],
    [{ AuthMethod: "Reject" }, /answers CHAP with Reject/],
    [{}, /leaves out CHAP/],
  ];
  for (const [keys, message] of answers) {
    const world = new World(async (target) => {
      const { header, text } = await target.loginRequest();
      assert.match(text, /AuthMethod=CHAP\0$/);
      assert.equal(header.transit, false);
      await target.answerLogin(header, keys);
      await target.expectEnd();
    });
    const error = await world.failure({
      authentication: chapAuthentication(world.node, { initiator: ACCOUNTS.initiator }),
    });
    assert.equal(error.kind, "permission");
    assert.match(error.message, message);
    assert.equal(world.portal.connectionCount, 1, "no second try");
  }
});

Deno.test("B-12, A146: a target that moves on without its own proof is left, once and for all", async () => {
  const world = new World(async (target) => {
    const first = await target.loginRequest();
    await target.answerLogin(first.header, { AuthMethod: "CHAP" });
    const offer = await target.loginRequest();
    assert.match(offer.text, /^CHAP_A=8,7,6,5\0$/);
    await target.answerLogin(offer.header, {
      CHAP_A: "5",
      CHAP_I: "1",
      CHAP_C: "0x" + "ab".repeat(16),
    });
    const answer = await target.loginRequest();
    assert.match(answer.text, /^CHAP_N=alice\0CHAP_R=0x[0-9a-f]{32}\0CHAP_I=\d+\0CHAP_C=0x/);
    assert.equal(answer.header.transit, true);
    await target.answerLogin(answer.header);
    await target.expectEnd();
  });
  const error = await world.failure({ authentication: chapAuthentication(world.node, ACCOUNTS) });
  assert.equal(error.kind, "permission");
  assert.match(error.message, /does not prove itself|without having proved itself/);
  assert.equal(world.portal.connectionCount, 1);
});

Deno.test("A target that chokes on a list of algorithms is offered MD5 alone", async () => {
  const choking: Record<string, Script> = {
    "it refuses": async (target) => {
      const request = await offered(target, "8,7,6,5");
      await target.answerLogin(request, [], { statusClass: 2, statusDetail: 1 });
      await target.expectEnd();
    },
    "it hangs up": async (target) => {
      await offered(target, "8,7,6,5");
      target.stream.close();
    },
    "it rejects": async (target) => {
      const request = await offered(target, "8,7,6,5");
      await target.answerLogin(request, { CHAP_A: "Reject" });
      await target.expectEnd();
    },
  };
  for (const script of Object.values(choking)) {
    const world = new World(script, letIn);
    const authentication = chapAuthentication(world.node, { initiator: ACCOUNTS.initiator });
    const session = await world.logIn({ authentication });
    session.fail("enough");
    await session.ended;
    await world.portal.ended();
  }
});

Deno.test("A target that took MD5 alone is offered that at once, until it refuses it", async () => {
  const refusing = (algorithms: string): Script => async (target) => {
    const request = await offered(target, algorithms);
    await target.answerLogin(request, [], { statusClass: 2, statusDetail: 1 });
    await target.expectEnd();
  };
  const hangingUp: Script = (target) => Promise.resolve(target.stream.close());
  const scripts = [
    ...[refusing("8,7,6,5"), letIn, letIn, hangingUp, letIn],
    ...[refusing("5"), refusing("8,7,6,5"), letIn],
  ];
  const world = new World(...scripts);
  const authentication = chapAuthentication(world.node, { initiator: ACCOUNTS.initiator });
  const outcomes: string[] = [];
  for (let i = 0; i < 6; i++) {
    try {
      const session = await world.logIn({ authentication });
      session.fail("enough");
      await session.ended;
      outcomes.push("in");
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      outcomes.push(error.name);
    }
  }
  await world.portal.ended();
  assert.deepEqual(outcomes, ["in", "in", "LoginBroken", "in", "LoginRefused", "in"]);
  assert.equal(world.portal.connectionCount, scripts.length);
});

/** A target that knows MD5 alone. */
async function letIn(target: ScriptedTarget): Promise<void> {
  const request = await offered(target, "5");
  await target.answerLogin(request, {
    CHAP_A: "5",
    CHAP_I: "1",
    CHAP_C: "0x" + "ab".repeat(16),
  });
  const { header, text } = await target.loginRequest();
  assert.match(text, /^CHAP_N=alice\0CHAP_R=0x[0-9a-f]{32}\0$/);
  await target.answerLogin(header);
  const operational = await target.loginRequest();
  await target.answerLogin(operational.header);
  await target.expectEnd();
}

/** Plays CHAP up to the offer, which must be this one; answers the request that holds it. */
async function offered(target: ScriptedTarget, algorithms: string) {
  const first = await target.loginRequest();
  await target.answerLogin(first.header, { AuthMethod: "CHAP" });
  const { header, text } = await target.loginRequest();
  assert.equal(text, `CHAP_A=${algorithms}\0`);
  return header;
}
