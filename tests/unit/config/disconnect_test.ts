/** Ending sessions: in order where the initiator takes part, and all the same where it does not. */
import assert from "node:assert/strict";
import { BHS_LENGTH } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { AsyncEvent, AsyncMessage } from "../../../lib/iscsi/pdu/async_message.ts";
import { LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { type TestService, withService } from "./service_fixture.ts";

async function twoTargets({ control }: TestService): Promise<void> {
  for (const name of ["mail", "web"]) {
    await control.createTarget({ name, allow: ["any"] });
    await control.createDisk({ memory: name, size: 1 << 20, target: name });
  }
}

/** The event that the target tells of next, with what it gives for time. */
async function event(initiator: TestInitiator): Promise<[event: number, seconds: number]> {
  const message = await initiator.expect(Opcode.ASYNC_MESSAGE, AsyncMessage);
  return [message.asyncEvent, message.parameter3];
}

async function logOut(initiator: TestInitiator): Promise<void> {
  const pdu = new LogoutRequest(new Uint8Array(BHS_LENGTH));
  pdu.opcode = Opcode.LOGOUT_REQUEST;
  pdu.immediate = true;
  pdu.final = true;
  pdu.initiatorTaskTag = initiator.takeTag();
  pdu.cmdSN = initiator.cmdSN;
  await initiator.send(new Uint8Array(pdu.view.buffer));
  assert.equal((await initiator.receive())?.opcode, Opcode.LOGOUT_RESPONSE);
}

Deno.test("disconnect asks to log out, and is done as soon as the initiator has", () =>
  withService(async (service) => {
    await twoTargets(service);
    const initiator = await service.logIn("mail");
    await service.logIn("web");
    const [mail, web] = await service.control.sessions();
    const disconnected = service.control.disconnect({ ids: [mail!.id] }, { waitSeconds: 7 });
    assert.deepEqual(await event(initiator), [AsyncEvent.LOGOUT_REQUESTED, 7]);
    await logOut(initiator);
    const { facts, notices } = await disconnected;
    assert.deepEqual(facts, [
      { id: mail!.id, target: "mail", initiator: mail!.initiator, loggedOut: true },
    ]);
    assert.match(notices.join(), /can come back; sanctl target deny/);
    assert.deepEqual((await service.control.sessions()).map(({ id }) => id), [web!.id]);
  }));

Deno.test("disconnect drops who does not log out in time, and says so", () =>
  withService(async (service) => {
    await twoTargets(service);
    const initiators = [await service.logIn("mail"), await service.logIn("mail", { isid: 2 })];
    const stays = await service.logIn("web");
    const disconnected = service.control.disconnect({ target: "mail" });
    for (const initiator of initiators) {
      assert.deepEqual(await event(initiator), [AsyncEvent.LOGOUT_REQUESTED, 5]);
    }
    service.clock.advance(5_000);
    for (const initiator of initiators) {
      assert.deepEqual(await event(initiator), [AsyncEvent.SESSION_DROPPED, 0]);
      assert.equal(await initiator.receive(), null);
    }
    assert.deepEqual((await disconnected).facts.map(({ loggedOut }) => loggedOut), [false, false]);
    await stays.fence();
  }));

Deno.test("disconnect drops at once where no time is given", () =>
  withService(async (service) => {
    await twoTargets(service);
    const initiators = [await service.logIn("mail"), await service.logIn("web")];
    const { facts } = await service.control.disconnect({ all: true }, { waitSeconds: 0 });
    assert.deepEqual(facts.map(({ target }) => target), ["mail", "web"]);
    for (const initiator of initiators) {
      assert.deepEqual(await event(initiator), [AsyncEvent.SESSION_DROPPED, 0]);
      assert.equal(await initiator.receive(), null);
    }
    assert.deepEqual(await service.control.sessions(), []);
    const none = await service.control.disconnect({ all: true });
    assert.deepEqual(none, { facts: [], notices: ["no session is open"] });
  }));

Deno.test("disconnect refuses a session that is not open, and no one's time without bound", () =>
  withService(async (service) => {
    await twoTargets(service);
    await service.logIn("mail");
    const id = (await service.control.sessions())[0]!.id;
    const { control } = service;
    await assert.rejects(control.disconnect({ ids: [id, "x"] }), { kind: "not-found" });
    await assert.rejects(control.disconnect({ target: "none" }), { kind: "not-found" });
    await assert.rejects(control.disconnect({}), { kind: "usage" });
    await assert.rejects(control.disconnect({ all: true, ids: [id] }), { kind: "usage" });
    for (const waitSeconds of [-1, 31, NaN]) {
      await assert.rejects(control.disconnect({ all: true }, { waitSeconds }), { kind: "usage" });
    }
    assert.equal((await control.sessions()).length, 1);
  }));
