/** The scripted initiator on TCP, logged in to a service. */
import assert from "node:assert/strict";
import { Status } from "../../lib/scsi/status.ts";
import { type LoginKeys, TestInitiator } from "./test_initiator.ts";

export type TcpInitiator = TestInitiator<Deno.TcpConn>;

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

/** More unit attentions than a new nexus has. */
const ATTEMPTS = 8;

/** Logs in at `HOST:PORT` with these keys, and takes the unit attentions that wait at LUN 0. */
export async function logIn(portal: string, keys: LoginKeys): Promise<TcpInitiator> {
  const at = portal.lastIndexOf(":");
  const hostname = portal.slice(0, at);
  const stream = await Deno.connect({ hostname, port: Number(portal.slice(at + 1)) });
  const initiator = new TestInitiator(stream);
  try {
    stream.setNoDelay(true);
    const { status } = await initiator.login(keys);
    assert.equal(status, 0, "the status of the login");
    await takeAttentions(initiator);
    return initiator;
  } catch (error) {
    stream.close();
    throw error;
  }
}

async function takeAttentions(initiator: TcpInitiator): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { status } = await initiator.run({ cdb: TEST_UNIT_READY });
    if (status === Status.GOOD) return;
    assert.equal(status, Status.CHECK_CONDITION);
  }
  assert.fail("the logical unit does not become ready");
}
