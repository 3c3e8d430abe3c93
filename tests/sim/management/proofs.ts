/** That whoever must prove something gets in by the right secret, and by nothing else. */
import assert from "node:assert/strict";
import { InitiatorChapExchange } from "../../../lib/iscsi/chap/initiator_exchange.ts";
import { ChapSecret } from "../../../lib/iscsi/chap/secret.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { chapLogin, newIssuer } from "../../support/chap.ts";
import { DISCOVERY, ENDPOINT, LoginScript, STRAIGHT } from "../../support/login.ts";
import type { TestService } from "../../unit/config/service_fixture.ts";
import { ADA, admits, type Guarded, type Model } from "./model.ts";

const { SUCCESS, AUTHENTICATION_FAILURE } = LoginStatus;

/** Tries each target that asks for proof, and discovery, as ada. */
export async function checkProofs(model: Model, service: TestService): Promise<void> {
  const open = model.targets.filter((target) => target.chap !== undefined && admits(target, ADA));
  for (const target of open) {
    await checkProof(service, target, { InitiatorName: ADA.iqn, TargetName: target.iqn });
  }
  if (model.discovery.chap === undefined) return;
  await checkProof(service, model.discovery, { ...DISCOVERY, InitiatorName: ADA.iqn });
}

async function checkProof(
  { node }: TestService,
  { chap, reverseChap }: Guarded,
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  const { user, secret } = chap!;
  const answer = reverseChap?.secret;
  const script = () => new LoginScript(node, { ...ENDPOINT, remoteAddress: ADA.address });
  const without = await script().send(STRAIGHT, keys);
  assert.equal(without.status, AUTHENTICATION_FAILURE, "a login without proof");
  for (
    const [word, expected] of [[secret, SUCCESS], [
      "a wrong secret!",
      AUTHENTICATION_FAILURE,
    ]] as const
  ) {
    const login = script();
    const exchange = new InitiatorChapExchange({
      initiator: { user, secret: new ChapSecret(word) },
      target: answer === undefined ? undefined : { secret: new ChapSecret(answer) },
      issuer: newIssuer(),
    });
    const { answer: last, fault } = await chapLogin(login, exchange, { keys });
    assert.deepEqual([last.status, fault], [expected, undefined], "a login by CHAP");
    await login.login.outcome?.session.terminate("it was only a try");
  }
}
