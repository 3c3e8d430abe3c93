/** Portals that are added, moved and removed, with initiators logged in or without. */
import assert from "node:assert/strict";
import { AsyncEvent } from "../../../lib/iscsi/pdu/async_message.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { type TestService, withService } from "./service_fixture.ts";
import { isRefusal, logIn, mail } from "./service_steps.ts";
import { TestSockets } from "./test_sockets.ts";

const FIRST = { address: "192.0.2.1", port: 3260 };

/** The service listens where it is declared to; initiators come to 192.0.2.1:3260. */
async function listening(service: TestService): Promise<TestSockets> {
  await mail(service);
  await service.control.addPortal(FIRST);
  const sockets = new TestSockets();
  service.service.listen(sockets);
  return sockets;
}

Deno.test("a portal that is added listens at once, and its session is counted", () =>
  withService(async (service) => {
    const sockets = await listening(service);
    await logIn(service);
    const { facts } = await service.control.addPortal({
      address: "2001:DB8::0:1",
      port: 860,
      group: 2,
    });
    assert.deepEqual(facts, {
      ...{ address: "2001:db8::1", port: 860, group: 2, advertise: null },
      ...{ declared: true, state: "listening", sessions: 0 },
    });
    assert.deepEqual([...sockets.open], ["192.0.2.1:3260", "[2001:db8::1]:860"]);
    const [first] = await service.control.listPortals();
    assert.deepEqual([first!.state, first!.sessions], ["listening", 1]);
    const { portals } = await service.control.status();
    assert.deepEqual(portals, [FIRST, { address: "2001:db8::1", port: 860 }]);
  }));

Deno.test("the first portal that is declared takes the place of every address", () =>
  withService(async ({ control, service }) => {
    const sockets = new TestSockets();
    service.listen(sockets);
    const [all] = await control.listPortals();
    assert.deepEqual([all!.address, all!.port, all!.declared], ["::", 3260, false]);
    const { notices } = await control.addPortal(FIRST);
    assert.match(notices.join(), /192\.0\.2\.1:3260 alone is declared now/);
    const removed = await control.removePortal(FIRST);
    assert.match(removed.notices.join(), /without one it is every address, port 3260/);
    assert.deepEqual([...sockets.open], ["[::]:3260"]);
  }));

Deno.test("a portal that sessions came to stays, unless that is forced; others go", () =>
  withService(async (service) => {
    const sockets = await listening(service);
    const { control } = service;
    const initiator = await logIn(service);
    await control.addPortal({ address: "192.0.2.2", port: 3260 });
    const refusals = [
      () => control.removePortal(FIRST),
      () => control.setPortal(FIRST, { port: 860 }),
      () => control.setPortal(FIRST, { group: 2 }),
    ];
    for (const refused of refusals) {
      const text =
        /^1 session came to a portal that goes: \d+ \(iqn\S+ at 192\.0\.2\.1:3260\); .*--force/;
      await assert.rejects(refused(), isRefusal("in-use", text));
    }
    // What is told of it is nobody's session's matter, nor is a wildcard that takes its place.
    await control.setPortal(FIRST, { advertise: "san.example.com" });
    await control.removePortal({ address: "192.0.2.2", port: 3260 });
    await control.addPortal({ address: "0.0.0.0", port: 3260 });
    await control.removePortal(FIRST);
    await initiator.fence();
    const moved = control.setPortal({ address: "0.0.0.0", port: 3260 }, { port: 3261 }, {
      force: true,
    });
    const event = { event: AsyncEvent.LOGOUT_REQUESTED, seconds: 5, lun: 0 };
    assert.deepEqual(await initiator.announcement(), event);
    service.clock.advance(5_000);
    assert.match((await moved).notices.join(), /^session \d+ of \S+ is ended$/);
    assert.deepEqual(await control.sessions(), []);
    assert.deepEqual([...sockets.open], ["0.0.0.0:3261"]);
    // Who came to a portal before it went, and had not logged in by then.
    assert.equal((await service.tryLogIn("mail")).status, LoginStatus.SERVICE_UNAVAILABLE);
  }));

Deno.test("a portal whose place cannot be listened on is not declared", () =>
  withService(async (service) => {
    const sockets = await listening(service);
    sockets.taken.add("192.0.2.1:3261");
    const { control } = service;
    const added = control.addPortal({ address: "192.0.2.1", port: 3261 });
    await assert.rejects(added, isRefusal("in-use", /3261: it is in use/));
    assert.equal((await control.listPortals()).length, 1);
  }));

Deno.test("what the command line says about portals holds until the service is started again", () =>
  withService(async (service) => {
    const { control } = service;
    await mail(service);
    const sockets = new TestSockets();
    service.service.listen(sockets, [FIRST, { address: "::", port: 3261 }]);
    await logIn(service);
    const { facts, notices } = await control.addPortal({ address: "192.0.2.9", port: 3260 });
    assert.equal(facts.state, "unused");
    assert.match(notices.join(), /started with --portal/);
    assert.deepEqual([...sockets.open], ["192.0.2.1:3260", "[::]:3261"]);
    const rows = (await control.listPortals()).map((
      { state, declared, sessions },
    ) => [state, declared, sessions]);
    assert.deepEqual(rows, [
      ["listening", false, 1],
      ["listening", false, 0],
      ["unused", true, 0],
    ]);
  }));

Deno.test("a portal says what is wrong with it", () =>
  withService(async ({ control }) => {
    const refusals: [Promise<unknown>, string, RegExp][] = [
      [control.addPortal({ address: "san.example.com", port: 1 }), "usage", /not an IP address/],
      [control.addPortal({ address: "192.0.2.1", port: 0 }), "usage", /0 is not a TCP port/],
      [control.addPortal({ address: "192.0.2.1", port: 65_536 }), "usage", /not a TCP port/],
      [control.addPortal({ ...FIRST, group: 0 }), "usage", /not a portal group tag/],
      [control.addPortal({ ...FIRST, advertise: "a b" }), "usage", /HOST:PORT/],
      [control.addPortal({ ...FIRST, advertise: "192.0.2.1:3260,2" }), "usage", /HOST:PORT/],
      [control.removePortal(FIRST), "not-found", /none is: .*every address/],
    ];
    for (const [refused, kind, text] of refusals) {
      await assert.rejects(refused, isRefusal(kind, text));
    }
    await control.addPortal(FIRST);
    await assert.rejects(control.addPortal(FIRST), isRefusal("in-use", /already; .*portal set/));
    const none = control.setPortal({ ...FIRST, port: 1 }, { group: 2 });
    await assert.rejects(none, isRefusal("not-found", /no portal 192\.0\.2\.1:1 .*portal list/));
  }));

Deno.test("a document says where the service listens, and its plan whom that cuts off", () =>
  withService(async (service) => {
    const sockets = await listening(service);
    const { control } = service;
    await logIn(service);
    const portals = [{ address: "192.0.2.2", group: 2 }, { address: "::1", port: 860 }];
    const document = { portals };
    const { facts } = await control.apply(document, { dryRun: true });
    const [step] = facts.steps;
    assert.deepEqual([step!.object, step!.name], ["server", "portals"]);
    assert.deepEqual(step!.sessions.map(({ effect }) => effect), ["ends"]);
    await assert.rejects(control.apply(document), { kind: "in-use" });
    await control.disconnect({ all: true }, { waitSeconds: 0 });
    await control.apply(document);
    assert.deepEqual([...sockets.open], ["192.0.2.2:3260", "[::1]:860"]);
    const again = await control.apply(document);
    assert.deepEqual(again.facts.steps, []);
    await control.apply({ portals: null });
    assert.deepEqual([...sockets.open], ["[::]:3260"]);
  }));
