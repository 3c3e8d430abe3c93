/** iSNS as operators use it: a target service, an initiator and a server between them. */
import assert from "node:assert/strict";
import type { EventFacts, IsnsServerFacts, StatusFacts } from "../../lib/config/control.ts";
import type {
  IsnsServerFacts as InitiatorIsnsServerFacts,
  KnownTargetFacts,
  LoginFacts,
} from "../../lib/initiator_service/control.ts";
import { eventually } from "../support/eventually.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { IsnsServer } from "../support/isns_server.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { Serving } from "../support/serving.ts";
import { iqn, Service } from "../support/service.ts";

const NEEDS = requires("dist/sanctl", "isnsd", "isnsadm");

async function withServer(
  use: (world: { readonly sanctl: Sanctl; readonly server: IsnsServer }) => Promise<void>,
): Promise<void> {
  await withSanctl(async (sanctl) => {
    await Service.declare(sanctl, { targets: { mail: [{ file: "d.img", size: "16M" }] } });
    const directory = sanctl.path("isns");
    await Deno.mkdir(directory);
    const server = await IsnsServer.start(directory);
    try {
      await use({ sanctl, server });
    } finally {
      await server.end();
    }
  });
}

async function known(sanctl: Sanctl): Promise<string[]> {
  return (await sanctl.facts<KnownTargetFacts[]>("initiator targets")).map(({ iqn }) => iqn);
}

async function kindsOfEvents(sanctl: Sanctl): Promise<string[]> {
  const events = await sanctl.facts<EventFacts[]>("events --source isns");
  return events.map(({ kind }) => kind);
}

Deno.test({
  ...NEEDS,
  name: "isns: what the target service serves is registered, followed, and taken out at its end",
  fn: () =>
    withServer(async ({ sanctl, server }) => {
      await sanctl.ok(`target create closed --iqn ${iqn("closed")}`);
      await sanctl.ok(`target isns add ${server.address}`);
      const [stopped] = await sanctl.facts<IsnsServerFacts[]>("target isns list");
      assert.equal(stopped!.state, "stopped");
      const serving = await Serving.start(sanctl);
      await eventually(() => server.targets(), [iqn("mail")]);
      const port = Number(serving.portal.split(":").at(-1));
      await eventually(() => sanctl.facts("target isns list"), [{
        ...{ address: "127.0.0.1", port: server.port, state: "registered", targets: 1 },
        ...{ portals: [{ address: "127.0.0.1", port, group: 1 }], error: null },
      }]);
      await sanctl.ok("target allow closed any");
      await eventually(() => server.targets(), [iqn("closed"), iqn("mail")]);
      await sanctl.ok(`target set closed --iqn ${iqn("open")} --description Opened`);
      await eventually(() => server.targets(), [iqn("mail"), iqn("open")]);
      await sanctl.ok("target delete closed --yes");
      await eventually(() => server.targets(), [iqn("mail")]);

      await serving.end("SIGKILL");
      assert.deepEqual(await server.targets(), [iqn("mail")], "it cannot know yet");
      const again = await Serving.start(sanctl);
      const place = `${again.portal.split(":").at(-1)}/tcp`;
      await eventually(
        async () => (await server.list("portals")).map((each) => each["Portal TCP/UDP port"]),
        [place],
      );
      await again.end();
      assert.deepEqual(await server.list("nodes"), []);
      await sanctl.ok(`target isns remove ${server.address}`);
      assert.deepEqual(await sanctl.facts("target isns list"), []);
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: a server that is away is told of, tried again, and knows all when it is back",
  fn: () =>
    withServer(async ({ sanctl, server }) => {
      await server.end();
      const serving = await Serving.start(sanctl);
      const added = await sanctl.run(`target isns add ${server.address}`);
      assert.equal(added.exitCode, 0, added.stderr);
      assert.match(added.stderr, /it was added, and is tried again: cannot connect to .*nothing/);
      const { problems, isns } = await sanctl.facts<StatusFacts>("status");
      assert.equal(isns[0]!.state, "absent");
      assert.match(problems[0]!, /^iSNS server 127\.0\.0\.1:\d+: cannot connect .*tried again$/);
      await server.startAgain();
      await eventually(() => server.targets(), [iqn("mail")]);
      await eventually(async () => (await sanctl.facts<StatusFacts>("status")).problems, []);
      await server.end("SIGKILL");
      await server.forget();
      await server.startAgain();
      await eventually(() => server.targets(), [iqn("mail")]);
      const kinds = await kindsOfEvents(sanctl);
      assert.deepEqual(kinds.slice(0, 2), ["isns-server-absent", "isns-server-present"]);
      await serving.end();
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: the initiator finds targets, hears of changes, logs in, and knows its servers again",
  fn: () =>
    withServer(async ({ sanctl, server }) => {
      await sanctl.ok(`target isns add ${server.address}`);
      const initiator = await InitiatorServing.start(sanctl);
      assert.match(
        await sanctl.ok(`initiator isns add ${server.address}`),
        /is asked for targets; it shows 0 targets/,
      );
      const serving = await Serving.start(sanctl);
      await eventually(() => known(sanctl), [iqn("mail")]);
      const [target] = await sanctl.facts<KnownTargetFacts[]>("initiator targets");
      assert.equal(target!.portals[0]!.foundBy, `isns:${server.address}`);
      const login = await sanctl.facts<LoginFacts>(`initiator login ${iqn("mail")} --persistent`);
      assert.deepEqual(login.sessions.map(({ state }) => state), ["logged-in"]);
      assert.equal(login.devices[0]!.size, 16 << 20);
      await server.isnsadm("--register", `target=${iqn("other")}`, "portal=192.0.2.9:3260");
      await eventually(() => known(sanctl), [iqn("mail"), iqn("other")]);
      const iscsicli = await sanctl.ok("iscsicli ListTargets");
      assert.match(iscsicli, new RegExp(`^    ${iqn("other")}$`, "m"));
      assert.match(await sanctl.ok("iscsicli ListiSNSServers"), /^ {4}127\.0\.0\.1:\d+$/m);

      await initiator.end("SIGKILL");
      const again = await InitiatorServing.start(sanctl);
      await eventually(() => known(sanctl), [iqn("mail"), iqn("other")]);
      const [facts] = await sanctl.facts<InitiatorIsnsServerFacts[]>("initiator isns list");
      assert.deepEqual([facts!.state, facts!.notifies, facts!.targets], ["connected", true, 2]);

      await server.end("SIGKILL");
      const refresh = await sanctl.run(`initiator isns refresh ${server.address}`);
      assert.equal(refresh.exitCode, 6);
      assert.match(refresh.stderr, /cannot connect to .*: nothing listens there\n {2}check that/);
      assert.deepEqual(await known(sanctl), [iqn("mail"), iqn("other")]);
      await server.startAgain();
      await eventually(async () => {
        const [facts] = await sanctl.facts<InitiatorIsnsServerFacts[]>("initiator isns list");
        return facts!.state;
      }, "connected");
      await sanctl.ok("iscsicli RefreshiSNSServer *");

      await sanctl.ok(`iscsicli RemoveiSNSServer ${server.address}`);
      assert.deepEqual(await sanctl.facts("initiator isns list"), []);
      assert.deepEqual(await known(sanctl), [iqn("mail")], "it is logged in to");
      await again.end();
      await serving.end();
      const initiators = (await server.list("nodes")).filter((node) =>
        node["iSCSI node type"] === "Initiator"
      );
      assert.deepEqual(initiators, []);
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: a wrong server is refused in words that help",
  fn: () =>
    withServer(async ({ sanctl, server }) => {
      await sanctl.ok(`target isns add ${server.address}`);
      await sanctl.ok(`initiator isns add ${server.address}`);
      const cases: readonly (readonly [line: string, exitCode: number, text: RegExp])[] = [
        ["target isns add no:such:thing", 2, /an address is needed, such as 192\.168\.1\.5/],
        ["target isns add 192.0.2.5:99999", 2, /a port from 1 to 65535 is needed/],
        [`target isns add ${server.address}`, 3, /there already|already\n {2}see how it is/],
        [
          "target isns remove 192.0.2.7",
          4,
          /no iSNS server 192\.0\.2\.7:3205 declared\n {2}sanctl/,
        ],
        [`initiator isns add ${server.address}`, 3, /is there already\n {2}to ask it now/],
        ["initiator isns remove 192.0.2.7", 4, /no iSNS server 192\.0\.2\.7:3205\n {2}see/],
        ["initiator isns refresh", 6, /needs the initiator service, which does not run/],
      ];
      for (const [line, exitCode, text] of cases) {
        const ran = await sanctl.run(line);
        assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stderr}`);
        assert.match(ran.stderr, text);
      }
    }),
});
