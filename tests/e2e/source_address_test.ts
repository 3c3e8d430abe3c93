/** From which of its addresses the initiator goes to a target, on a machine that has several. */
import assert from "node:assert/strict";
import type { SessionFacts } from "../../lib/config/facts.ts";
import type { InitiatorSessionFacts, LoginFacts } from "../../lib/initiator_service/control.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { type NetworkNamespace, withNetworks } from "../support/network_namespace.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn, Service } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const TARGET = iqn("mail");
const PORTAL = "192.0.2.1";
/** The second one is what nobody takes unless told to. */
const [USUAL, OTHER] = ["192.0.2.101", "192.0.2.102"] as const;
const FOREIGN = "203.0.113.9";

async function cabled(near: NetworkNamespace, far: NetworkNamespace): Promise<void> {
  await near.cable(far, "san0", {
    near: { hardware: "02:00:00:00:00:01", addresses: [`${USUAL}/24`, `${OTHER}/24`] },
    far: { hardware: "02:00:00:00:00:02", addresses: [`${PORTAL}/24`] },
  });
}

/** Where the target says that its sessions come from. */
async function peersOf(sanctl: Sanctl): Promise<string[]> {
  const sessions = await sanctl.facts<SessionFacts[]>("target sessions");
  return sessions.flatMap(({ connections }) =>
    connections.map(({ peer }) => peer.replace(/:\d+$/, ""))
  ).sort();
}

Deno.test({
  name: "initiator: a login comes from the address that was asked for, also after a restart",
  ...requires("dist/sanctl", "network namespaces", "ip", "qemu-io"),
  fn: () =>
    withNetworks(2, (near, far) =>
      withSanctl(async (sanctl) => {
        await cabled(near, far);
        await Service.declare(sanctl, { targets: { mail: [{ file: "d.img", size: "16M" }] } });
        const portal = ["--portal", `${PORTAL}:3260`];
        const serving = await Serving.startDeclared(sanctl, far.through, portal);
        let initiator = await InitiatorServing.start(sanctl, [], near.through);
        const login = `initiator login ${TARGET} --portal ${PORTAL}`;
        try {
          await sanctl.ok(login);
          assert.deepEqual(await peersOf(sanctl), [USUAL], "what the machine chooses");
          await sanctl.ok(`initiator logout ${TARGET}`);

          const { exitCode, stderr } = await sanctl.run(`${login} --source-ip ${FOREIGN}`);
          assert.equal(exitCode, 6, stderr);
          assert.match(stderr, /the source address is not one of this machine/);
          assert.deepEqual(await peersOf(sanctl), []);

          const persistent = `${login} --source-ip ${OTHER} --persistent --data-digest`;
          const { sessions } = await sanctl.facts<LoginFacts>(persistent);
          assert.equal(sessions[0]!.source!.address, OTHER);
          assert.deepEqual(await peersOf(sanctl), [OTHER]);
          await sanctl.ok("initiator attach mail/0 --way url");
          const [device] = await sanctl.facts<[{ attached: { url: string } }]>("initiator devices");
          const io = (command: string) =>
            peer("qemu-io", "-f", "raw", "-c", command, device.attached.url);
          await io("write -P 0x3c 0 12M");
          await io("read -P 0x3c 0 12M");

          await initiator.end("SIGKILL");
          initiator = await InitiatorServing.start(sanctl, [], near.through);
          await loggedIn(sanctl);
          assert.deepEqual(await peersOf(sanctl), [OTHER]);
          const more = `${login} --source-ip ${USUAL} --multipath`;
          await sanctl.ok(more);
          assert.deepEqual(await peersOf(sanctl), [USUAL, OTHER], "a path from each");
          await io("read -P 0x3c 0 12M");
        } finally {
          await initiator.end().catch(() => undefined);
          await serving.end().catch(() => undefined);
        }
      })),
});

async function loggedIn(sanctl: Sanctl): Promise<void> {
  for (;;) {
    const sessions = await sanctl.facts<InitiatorSessionFacts[]>("initiator sessions");
    if (sessions.some(({ state }) => state === "logged-in")) return;
    await new Promise((over) => setTimeout(over, 50));
  }
}
