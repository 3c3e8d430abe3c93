/** CHAP as the running service asks for it, changed while it runs. */
import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { InitiatorChapExchange } from "../../../lib/iscsi/chap/initiator_exchange.ts";
import { ChapSecret } from "../../../lib/iscsi/chap/secret.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { chapLogin, newIssuer } from "../../support/chap.ts";
import { DISCOVERY, LoginScript, STRAIGHT } from "../../support/login.ts";
import { ADA, TestService, withService } from "./service_fixture.ts";

const FAILED = LoginStatus.AUTHENTICATION_FAILURE;
const WORD = "ada's own words!";
const ANSWER = "the server's own";

interface Proof {
  readonly user?: string;
  readonly secret?: string;
  /** What the target is to prove itself by. */
  readonly answer?: string;
}

/**
 * The status of a login as ada, to the target of that name or for discovery. A session that comes of
 * it is ended: the next login would else have to prove to be the same.
 */
async function statusOf(service: TestService, target: string | undefined, proof?: Proof) {
  const keys = target === undefined ? { ...DISCOVERY, InitiatorName: ADA } : {
    InitiatorName: ADA,
    TargetName: (await service.control.showTarget(target)).iqn,
  };
  const script = new LoginScript(service.node);
  try {
    return await statusOfScript(script, keys, proof);
  } finally {
    await script.login.outcome?.session.terminate("it was only a try");
  }
}

async function statusOfScript(
  script: LoginScript,
  keys: Readonly<Record<string, string>>,
  proof: Proof | undefined,
): Promise<number> {
  if (proof === undefined) return (await script.send(STRAIGHT, keys)).status;
  const { user = "ada", secret = WORD, answer } = proof;
  const exchange = new InitiatorChapExchange({
    initiator: { user, secret: new ChapSecret(secret) },
    target: answer === undefined ? undefined : { secret: new ChapSecret(answer) },
    issuer: newIssuer(),
  });
  const login = await chapLogin(script, exchange, { keys });
  assert.equal(login.fault, undefined);
  return login.answer.status;
}

async function withTargets(test: (service: TestService) => Promise<void>): Promise<void> {
  await withService(async (service) => {
    await service.control.createTarget({ name: "mail", allow: [`iqn:${ADA}`] });
    await service.control.createTarget({ name: "web", allow: [`iqn:${ADA}`] });
    await test(service);
  });
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("CHAP is asked for from the moment it is set, for that target alone, and not after", () =>
  withTargets(async (service) => {
    const { control } = service;
    assert.equal(await statusOf(service, "mail"), 0);
    const { facts } = await control.setChap("mail", { user: "ada", secret: WORD });
    assert.equal(facts.chap!.user, "ada");
    assert.equal(await statusOf(service, "mail"), FAILED);
    assert.equal(await statusOf(service, "mail", {}), 0);
    assert.equal(await statusOf(service, "mail", { secret: "another word now" }), FAILED);
    assert.equal(await statusOf(service, "mail", { user: "bob" }), FAILED);
    assert.equal(await statusOf(service, "web"), 0);
    assert.equal(await statusOf(service, undefined), 0);
    await control.setChap("mail", { user: "ada", secret: "another word now" });
    assert.equal(await statusOf(service, "mail", {}), FAILED);
    await control.setChap("mail", undefined);
    assert.equal(await statusOf(service, "mail"), 0);
  }));

Deno.test("mutual CHAP is required of every initiator once it is set", () =>
  withTargets(async (service) => {
    const { control } = service;
    await control.setChap("mail", { user: "ada", secret: WORD });
    assert.equal(await statusOf(service, "mail", { answer: ANSWER }), FAILED);
    await control.setReverseChap("mail", { user: "server", secret: ANSWER });
    assert.equal(await statusOf(service, "mail", { answer: ANSWER }), 0);
    assert.equal(await statusOf(service, "mail", {}), FAILED);
    await control.setReverseChap("mail", undefined);
    assert.equal(await statusOf(service, "mail", {}), 0);
  }));

Deno.test("B-13: discovery has an authentication of its own", () =>
  withTargets(async (service) => {
    const { control } = service;
    await control.setChap(undefined, { user: "ada", secret: WORD });
    assert.equal(await statusOf(service, undefined), FAILED);
    assert.equal(await statusOf(service, undefined, {}), 0);
    assert.equal(await statusOf(service, "mail"), 0);
    await control.setReverseChap(undefined, { user: "server", secret: ANSWER });
    assert.equal(await statusOf(service, undefined, {}), FAILED);
    assert.equal(await statusOf(service, undefined, { answer: ANSWER }), 0);
    assert.equal((await control.status()).discovery.reverseChap!.user, "server");
    await control.setChap(undefined, undefined);
    assert.equal(await statusOf(service, undefined), 0);
  }));

Deno.test("what is asked for holds after a restart, and with a new name", () =>
  withDirectory(async (directory) => {
    const first = await TestService.start(directory);
    await first.control.createTarget({ name: "mail", allow: [`iqn:${ADA}`] });
    await first.control.setChap("mail", { user: "ada", secret: WORD });
    await first.control.setTarget("mail", { name: "post" });
    await first.stop();
    const again = await TestService.start(directory);
    assert.equal(await statusOf(again, "post"), FAILED);
    assert.equal(await statusOf(again, "post", {}), 0);
    await again.stop();
  }));

Deno.test("B-17: a service does not start on secrets that others can read", () =>
  withDirectory(async (directory) => {
    const service = await TestService.start(directory);
    await service.control.setChap(undefined, { user: "ada", secret: WORD });
    await service.stop();
    await Deno.chmod(`${directory}/secrets.yaml`, 0o644);
    await assert.rejects(TestService.start(directory), (error: unknown) => {
      assert(error instanceof ControlError);
      assert.equal(error.kind, "permission");
      assert.match(error.nextStep!, /^make it private: chmod 600 /);
      return true;
    });
  }));

Deno.test("a login under way is not disturbed by a change of something else", () =>
  withTargets(async (service) => {
    const { control } = service;
    await control.setChap("mail", { user: "ada", secret: WORD });
    const TargetName = (await control.showTarget("mail")).iqn;
    const script = new LoginScript(service.node);
    const exchange = new InitiatorChapExchange({
      initiator: { user: "ada", secret: new ChapSecret(WORD) },
      issuer: newIssuer(),
    });
    const login = chapLogin(script, exchange, { keys: { InitiatorName: ADA, TargetName } });
    await control.allow("mail", ["any"]);
    assert.equal((await login).answer.status, 0);
  }));

Deno.test("a session tells as whom its initiator proved itself", () =>
  withTargets(async (service) => {
    const { control } = service;
    await service.logIn("web");
    await control.setChap("mail", { user: "ada", secret: WORD });
    const TargetName = (await control.showTarget("mail")).iqn;
    const exchange = new InitiatorChapExchange({
      initiator: { user: "ada", secret: new ChapSecret(WORD) },
      issuer: newIssuer(),
    });
    const keys = { InitiatorName: ADA, TargetName };
    await chapLogin(new LoginScript(service.node), exchange, { keys });
    const sessions = await control.sessions();
    assert.deepEqual(sessions.map(({ target, chapUser }) => [target, chapUser]), [
      ["web", null],
      ["mail", "ada"],
    ]);
  }));
