/** Admission by what the network says of who comes, which takes time to find out. */
import assert from "node:assert/strict";
import { BHS_LENGTH, RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { TextRequest } from "../../../lib/iscsi/pdu/text_request.ts";
import { type IpAddress, parsePeerAddress } from "../../../lib/net/ip_address.ts";
import type { Finding, Question, Witness } from "../../../lib/net/witness.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import { findOutcasts } from "../../../lib/target/session_admission.ts";
import { textOf } from "../../support/login.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const NAMES = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };
const NOWHERE = { ...NAMES, TargetName: "iqn.2026-01.org.example:none" };
const DISCOVERY = { InitiatorName: INITIATOR_NAME, SessionType: "Discovery" };

/** Knows what the test tells it, once the test lets it find that out. */
class TestWitness implements Witness {
  readonly hosts = new Map<string, string>();
  readonly questions: Question[] = [];
  #gate = Promise.withResolvers<void>();
  #known: ReadonlyMap<string, string> = new Map();

  addressesOf(host: string): Finding<readonly IpAddress[]> {
    const address = this.#known.get(host);
    if (address === undefined) return { failure: "it is not known" };
    return { value: [parsePeerAddress(address)!] };
  }

  hardwareAddressOf(): Finding<string> {
    return { failure: "no neighbours here" };
  }

  /** It does not know, and goes on asking. */
  isBehind = false;

  isUnanswered(): boolean {
    return this.isBehind;
  }

  find(questions: readonly Question[]): Promise<void> | undefined {
    if (questions.length === 0) return undefined;
    this.questions.push(...questions);
    return this.#gate.promise;
  }

  /** All that was asked is answered. */
  answer(): void {
    this.#known = new Map(this.hosts);
    this.#gate.resolve();
    this.#gate = Promise.withResolvers();
  }
}

class Ground {
  readonly witness = new TestWitness();
  readonly target: TestTarget;

  constructor(...ids: string[]) {
    this.target = new TestTarget({ witness: this.witness });
    this.target.target.access = AccessList.of(ids);
  }

  /** Asks to log in; the answer is not there before the witness answers. */
  async knock(keys: Readonly<Record<string, string>> = NAMES) {
    const { initiator, ended } = this.target.connect();
    let isOver = false;
    const login = initiator.login(keys).finally(() => isOver = true);
    await turns();
    return { initiator, ended, login, isOver: () => isOver };
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Sends SendTargets=All. */
async function ask(initiator: TestInitiator): Promise<void> {
  const header = new Uint8Array(BHS_LENGTH);
  const request = new TextRequest(header);
  request.opcode = Opcode.TEXT_REQUEST;
  request.immediate = true;
  request.final = true;
  request.initiatorTaskTag = 77;
  request.targetTransferTag = RESERVED_TAG;
  request.cmdSN = initiator.cmdSN;
  await initiator.send(header, textOf({ SendTargets: "All" }));
}

async function told(initiator: TestInitiator): Promise<string> {
  const { opcode, data } = (await initiator.receive())!;
  assert.equal(opcode, Opcode.TEXT_RESPONSE);
  return new TextDecoder().decode(data);
}

Deno.test("A login waits until it is known from which host it comes, and holds up nobody", async () => {
  const ground = new Ground("dns:mail1.example", "ip:198.51.100.7");
  const { target, witness } = ground;
  const waiting = await ground.knock();
  assert.equal(waiting.isOver(), false);
  const other = target.connect({ remoteAddress: "198.51.100.7" }).initiator;
  assert.equal((await other.login(NAMES)).status, LoginStatus.SUCCESS);
  assert.equal(waiting.isOver(), false);
  witness.hosts.set("mail1.example", "192.0.2.101");
  witness.answer();
  assert.equal((await waiting.login).status, LoginStatus.SUCCESS);
  await waiting.initiator.fence();
  await target.close();
});

Deno.test("A login from another host is refused, and the log names the rules and what was found", async () => {
  const ground = new Ground("dns:mail1.example", "mac:00-15-17-0B-0E-F6");
  const { target, witness } = ground;
  witness.hosts.set("mail1.example", "192.0.2.7");
  const { login } = await ground.knock();
  witness.answer();
  await turns();
  witness.answer();
  assert.equal((await login).status, LoginStatus.NOT_FOUND);
  const { facts } = target.log.find(({ message }) => message === "login refused")!;
  assert.equal(
    facts["reason"],
    "none of dns:mail1.example (is 192.0.2.7), " +
      "mac:00-15-17-0B-0E-F6 (no neighbours here) admits it",
  );
  await target.close();
});

Deno.test("A23 B-10: a target that is not there takes as long to refuse as one that is", async () => {
  for (const keys of [NAMES, NOWHERE]) {
    const ground = new Ground("dns:mail1.example");
    const { target, witness } = ground;
    const { login, isOver } = await ground.knock(keys);
    assert.equal(isOver(), false);
    assert.ok(witness.questions.some((each) => "host" in each && each.host === "mail1.example"));
    witness.answer();
    await turns();
    witness.answer();
    assert.equal((await login).status, LoginStatus.NOT_FOUND);
    await target.close();
  }
});

Deno.test("While the resolver does not answer, initiators are told to come again", async () => {
  for (const keys of [NAMES, NOWHERE]) {
    const ground = new Ground("dns:mail1.example");
    const { target, witness } = ground;
    const { login } = await ground.knock(keys);
    witness.isBehind = true;
    witness.answer();
    await turns();
    witness.answer();
    assert.equal((await login).status, LoginStatus.SERVICE_UNAVAILABLE);
    await target.close();
  }
});

Deno.test("A login that waits ends at its deadline, and what is found later begins no session", async () => {
  const ground = new Ground("dns:mail1.example");
  const { target, witness } = ground;
  const { initiator, ended } = await ground.knock();
  target.clock.advance(16_000);
  target.server.tickNow();
  await ended;
  assert.equal(await initiator.receive(), null);
  witness.hosts.set("mail1.example", "192.0.2.101");
  witness.answer();
  await turns();
  assert.equal(target.node.sessions.size, 0);
  assert.equal(target.server.connectionCount, 0);
  await target.close();
});

Deno.test("A login that waits while its access list changes is judged by the new one", async () => {
  const ground = new Ground("dns:mail1.example");
  const { target, witness } = ground;
  const { login } = await ground.knock();
  target.target.access = AccessList.of([]);
  witness.hosts.set("mail1.example", "192.0.2.101");
  witness.answer();
  assert.equal((await login).status, LoginStatus.NOT_FOUND);
  await target.close();
});

Deno.test("B-13: discovery tells of the targets that admit the asker, once that is known", async () => {
  const ground = new Ground("dns:mail1.example");
  const { target, witness } = ground;
  witness.hosts.set("mail1.example", "192.0.2.101");
  const own = target.connect().initiator;
  const strange = target.connect({ remoteAddress: "198.51.100.7" }).initiator;
  for (const initiator of [own, strange]) {
    assert.equal((await initiator.login(DISCOVERY)).status, LoginStatus.SUCCESS);
    await ask(initiator);
  }
  const answers = Promise.all([told(own), told(strange)]);
  await turns();
  // What comes after the question is answered after it, too.
  await own.ping(new Uint8Array(0));
  await turns();
  witness.answer();
  const [ownAnswer, strangeAnswer] = await answers;
  assert.match(ownAnswer, /^TargetName=iqn\.2026-01\.org\.example:disk\0TargetAddress=/);
  assert.equal(strangeAnswer, "");
  assert.equal((await own.receive())!.opcode, Opcode.NOP_IN);
  await target.close();
});

Deno.test("A discovery that ends while it waits is answered no more", async () => {
  const ground = new Ground("dns:mail1.example");
  const { target, witness } = ground;
  const { initiator, ended } = target.connect();
  await initiator.login(DISCOVERY);
  await ask(initiator);
  await turns();
  initiator.stream.close();
  await turns();
  witness.answer();
  await ended;
  const complaints = target.log.filter(({ level }) => level === "warn" || level === "error");
  assert.deepEqual(complaints, []);
  await target.close();
});

Deno.test("Who was let in by a host name stays while that is on the list, whatever resolves", async () => {
  const ground = new Ground("dns:mail1.example");
  const { target, witness } = ground;
  const { node, target: subject } = target;
  witness.hosts.set("mail1.example", "192.0.2.101");
  const { login } = await ground.knock();
  witness.answer();
  assert.equal((await login).status, LoginStatus.SUCCESS);

  witness.hosts.clear();
  witness.answer();
  subject.access = AccessList.of(["dns:mail1.example", "ip:198.51.100.7"]);
  assert.deepEqual(await findOutcasts(node, subject), []);

  // Another rule must admit it now, which takes time to know.
  for (const [address, count] of [["192.0.2.101", 0], ["192.0.2.7", 1]] as const) {
    subject.access = AccessList.of(["dns:mail2.example"]);
    witness.hosts.set("mail2.example", address);
    const finding = findOutcasts(node, subject);
    await turns();
    witness.answer();
    assert.equal((await finding).length, count, address);
  }
  await target.close();
});
