/** Portals that are asked what they offer, by a service that has to outlive every answer. */
import assert from "node:assert/strict";
import { NO_SECRETS } from "../../../lib/config/secret_book.ts";
import { NO_EVENTS } from "../../../lib/events/event_sink.ts";
import { Discovery } from "../../../lib/initiator_service/discovery.ts";
import { MemoryNetwork, PORTAL_TEXT } from "../../support/initiator_node.ts";
import { type Script, ScriptedPortal } from "../../support/scripted_target.ts";
import { LeapingClock } from "../../support/test_clock.ts";

const DECLARED = {
  ...{ address: "192.0.2.1", port: 3260, headerDigest: false, dataDigest: false },
};

const BROKEN: readonly (readonly [what: string, script: Script, error: RegExp])[] = [
  [
    "closes at once",
    (target) => Promise.resolve(target.stream.close()),
    /^192\.0\.2\.1:3260: closed by the peer during the login$/,
  ],
  [
    "sends what is no iSCSI",
    async (target) => {
      await target.loginRequest();
      await target.sendRaw(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n".repeat(4)));
      await target.expectEnd();
    },
    /^192\.0\.2\.1:3260: the target sends what is no login: /,
  ],
  [
    "closes when it is asked",
    async (target) => {
      await target.logIn();
      await target.receive();
      target.stream.close();
    },
    /^discovery at 192\.0\.2\.1:3260: .*closed by the peer/,
  ],
];

for (const [what, script, error] of BROKEN) {
  Deno.test(`Discovery.askAll() outlives a portal that ${what}, and keeps why`, async () => {
    const network = new MemoryNetwork();
    network.portals.set(PORTAL_TEXT, new ScriptedPortal(script).answering);
    const node = network.node({ clock: new LeapingClock() });
    const discovery = new Discovery(NO_EVENTS);
    await discovery.askAll(node, [DECLARED], NO_SECRETS);
    assert.match(discovery.facts(DECLARED).error!, error);
  });
}
