/** iSNS with the server of open-isns, its own client, tgtd, and tshark's dissector. */
import assert from "node:assert/strict";
import { InitiatorTask } from "../../lib/isns/initiator_task.ts";
import { ISNS_LIMITS } from "../../lib/isns/limits.ts";
import { Link } from "../../lib/isns/link.ts";
import { systemNetwork } from "../../lib/isns/network.ts";
import {
  nextNode,
  queryNextNode,
  queryNode,
  type RegisteredTarget,
  TargetsReader,
} from "../../lib/isns/registered_targets.ts";
import { ServerSession } from "../../lib/isns/server_session.ts";
import { Status } from "../../lib/isns/status.ts";
import { type Offer, TargetTask } from "../../lib/isns/target_task.ts";
import { openRemoteDisk } from "../../lib/initiator/open_remote_disk.ts";
import { systemNode } from "../../lib/initiator/system_node.ts";
import { parseIpAddress } from "../../lib/net/ip_address.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { silentLogger } from "../../lib/runtime/logger.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import { Capture } from "../support/capture.ts";
import { eventually } from "../support/eventually.ts";
import { withScratch } from "../support/executable.ts";
import { startTgtd } from "../support/foreign_targets.ts";
import { IsnsServer } from "../support/isns_server.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";

const INITIATOR = "iqn.2026-01.org.example:host";
const MAIL = { name: "iqn.2026-01.org.example:mail", type: "target", alias: "The mail" } as const;
const WEB = { name: "iqn.2026-01.org.example:web", type: "target", alias: "" } as const;

const LOOPBACK = { address: parseIpAddress("127.0.0.1")!, port: 33260, portalGroupTag: 7 };
const OTHER = { address: parseIpAddress("2001:db8::1")!, port: 33261, portalGroupTag: 8 };

const AROUND = {
  network: systemNetwork(systemClock, silentLogger),
  clock: systemClock,
  random: systemRandom,
  limits: ISNS_LIMITS,
};

async function withServer(use: (server: IsnsServer, directory: string) => Promise<void>) {
  await withScratch(async (directory) => {
    const server = await IsnsServer.start(directory);
    try {
      await use(server, directory);
    } finally {
      await server.end();
    }
  });
}

function place({ port }: IsnsServer) {
  return { host: "127.0.0.1", port };
}

/** Keeps an offer registered; what is in it may be replaced. */
function register(server: IsnsServer, now: Offer) {
  const offer = { now };
  const news: string[] = [];
  const task = new TargetTask({
    ...AROUND,
    identifier: "sanctl-target-test",
    offer: () => Promise.resolve(offer.now),
  });
  const onChange = (failure?: Error) => void news.push(failure?.message ?? "well");
  const link = new Link({ ...AROUND, server: place(server), task, onChange });
  link.start();
  const stop = async () => {
    await link.stop();
    await task.close();
  };
  return { offer, task, link, news, stop };
}

/** Asks for targets; `shows` waits until the server has shown exactly these. */
function search(server: IsnsServer) {
  let targets: readonly RegisteredTarget[] | undefined;
  let told = 0;
  let changed = Promise.withResolvers<void>();
  const task: InitiatorTask = new InitiatorTask({
    ...AROUND,
    ...{ name: INITIATOR, alias: "" },
    onTargets(shown) {
      targets = shown.targets;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    onTold() {
      told++;
      link.poke();
    },
  });
  const link: Link = new Link({ ...AROUND, server: place(server), task, onChange() {} });
  link.start();
  return {
    link,
    async shows(...names: string[]): Promise<readonly RegisteredTarget[]> {
      while (targets?.map(({ name }) => name).sort().join() !== names.toSorted().join()) {
        await changed.promise;
      }
      return targets;
    },
    get told() {
      return told;
    },
    stop: async () => {
      await link.stop();
      await task.close();
    },
  };
}

const NEEDS = requires("isnsd", "isnsadm");

Deno.test({
  ...NEEDS,
  name: "isns: isnsadm sees our targets, portals and portal groups, and nothing once we have left",
  fn: () =>
    withServer(async (server) => {
      const { link, stop } = register(server, { nodes: [MAIL, WEB], portals: [LOOPBACK, OTHER] });
      await link.poke();
      assert.equal(link.isWell, true, link.failure?.message);
      assert.deepEqual(await server.targets(), [MAIL.name, WEB.name]);
      const [mail] = await server.list("nodes");
      assert.equal(mail!["iSCSI alias"], "The mail");
      const portals = await server.list("portals");
      assert.deepEqual(
        portals.map((each) => [each["Portal IP address"], each["Portal TCP/UDP port"]]).sort(),
        [["127.0.0.1", "33260/tcp"], ["2001:db8::1", "33261/tcp"]],
      );
      const groups = await server.list("portal-groups");
      assert.deepEqual(
        groups.map((each) => `${each["Portal group name"]} ${each["Portal group tag"]}`).sort(),
        [`${MAIL.name} 7`, `${MAIL.name} 8`, `${WEB.name} 7`, `${WEB.name} 8`],
      );
      await stop();
      assert.deepEqual(await server.list("nodes"), []);
      assert.deepEqual(await server.list("portals"), []);
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: a target that isnsadm registers is found, with its portal and its group",
  fn: () =>
    withServer(async (server) => {
      const target = "iqn.2026-01.org.example:theirs";
      await server.isnsadm(
        ...["--register", `target=${target},alias=theirs`],
        ...["portal=192.0.2.9:3260", "pg,pgt=5"],
      );
      const { shows, stop } = search(server);
      assert.deepEqual(await shows(target), [{
        name: target,
        portals: [{ address: "192.0.2.9", port: 3260, portalGroupTag: 5 }],
      }]);
      await stop();
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: the server tells of targets that come, change and go, and we ask at once",
  fn: () =>
    withServer(async (server) => {
      const found = search(server);
      await found.shows();
      const { offer, link, stop } = register(server, { nodes: [MAIL], portals: [LOOPBACK] });
      const [mail] = await found.shows(MAIL.name);
      assert.deepEqual(mail!.portals, [{
        address: "127.0.0.1",
        port: 33260,
        portalGroupTag: 7,
      }]);
      offer.now = { nodes: [MAIL, WEB], portals: [LOOPBACK] };
      const beganMs = performance.now();
      await link.poke();
      await found.shows(MAIL.name, WEB.name);
      note(`a new target is known ${Math.round(performance.now() - beganMs)} ms after it began`);
      offer.now = { nodes: [WEB], portals: [LOOPBACK] };
      await link.poke();
      await found.shows(WEB.name);
      await stop();
      await found.shows();
      assert.ok(found.told >= 3, `told ${found.told} times`);
      await found.stop();
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: targets go from node to node too, and one that is asked for by name",
  fn: () =>
    withServer(async (server) => {
      const { link, stop } = register(server, { nodes: [MAIL, WEB], portals: [LOOPBACK] });
      await link.poke();
      const session = await ServerSession.open({
        ...AROUND,
        server: place(server),
        onInquiry: () => assert.fail("nothing was to be asked here"),
      });
      const names: string[] = [];
      for (let previous: string | undefined;;) {
        const answer = await session.tryAsking(queryNextNode(INITIATOR, previous));
        if (answer.status === Status.NO_SUCH_ENTRY) break;
        const { name, isTarget } = nextNode(answer.attributes);
        assert.equal(isTarget, true);
        names.push(previous = name!);
      }
      assert.deepEqual(names.sort(), [MAIL.name, WEB.name]);
      const reader = new TargetsReader(ISNS_LIMITS);
      reader.read((await session.ask(queryNode(INITIATOR, WEB.name))).attributes);
      assert.deepEqual(reader.targets().map(({ name }) => name), [WEB.name]);
      session.close();
      await session.ended;
      await stop();
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: a server that is killed and started again, its database lost, knows all again",
  fn: () =>
    withServer(async (server) => {
      const { link, news, stop } = register(server, { nodes: [MAIL], portals: [LOOPBACK] });
      await link.poke();
      const found = search(server);
      await found.shows(MAIL.name);
      await server.end("SIGKILL");
      // Whoever searches has to have noticed too: what it knew before is what it finds again.
      const areWell = () => Promise.resolve([link.isWell, found.link.isWell]);
      await eventually(areWell, [false, false]);
      // What was asked when it ended has been reset; what was dialled afterwards, refused.
      assert.match(news.at(-1)!, /nothing listens there|reset by peer/);
      await server.forget();
      await server.startAgain();
      await eventually(areWell, [true, true]);
      assert.deepEqual(await server.targets(), [MAIL.name]);
      await found.shows(MAIL.name);
      const told = found.told;
      await stop();
      await found.shows();
      // It tells of changes after its restart too, though asking again may have been quicker.
      await eventually(() => Promise.resolve(found.told > told), true);
      await found.stop();
    }),
});

Deno.test({
  ...NEEDS,
  name: "isns: we answer when the server asks whether we are there, and stay registered",
  fn: () =>
    withServer(async (server) => {
      const { link, task, stop } = register(server, { nodes: [MAIL], portals: [LOOPBACK] });
      await link.poke();
      // It asks every second, and forgets who does not answer for three.
      await eventually(() => Promise.resolve(task.inquiries >= 5), true);
      assert.deepEqual(await server.targets(), [MAIL.name]);
      await stop();
    }),
});

Deno.test({
  ...requires("isnsd", "isnsadm", "tgtd"),
  name: "isns: tgtd's target is found by the server, logged in to, and read",
  fn: () =>
    withServer(async (server, directory) => {
      const image = `${directory}/image`;
      const content = crypto.getRandomValues(new Uint8Array(65_536));
      await Deno.writeFile(image, content);
      await Deno.truncate(image, 16 << 20);
      const found = search(server);
      await found.shows();
      const target = await startTgtd({ image, directory, isns: place(server) });
      try {
        const [registered] = await found.shows(target.name);
        const { address, port } = registered!.portals[0]!;
        assert.deepEqual([address, port], ["127.0.0.1", target.port]);
        const disk = await openRemoteDisk(systemNode({ name: INITIATOR }), {
          portal: { host: address, port },
          targetName: registered!.name,
          lun: target.lun,
        });
        const read = new Uint8Array(content.length);
        await disk.read(0, read, 0, read.length);
        assert.deepEqual(read, content);
        await disk.close();
      } finally {
        await target.stop();
        await found.stop();
      }
    }),
});

Deno.test({
  ...requires("isnsd", "isnsadm", "tshark"),
  name: "isns: tshark dissects what we say without complaint, each attribute as it is meant",
  fn: () =>
    withServer(async (server, directory) => {
      const path = `${directory}/capture`;
      const capture = await Capture.start(path, server.port, [], "isns");
      const { link, stop } = register(server, { nodes: [MAIL], portals: [LOOPBACK, OTHER] });
      await link.poke();
      const found = search(server);
      await found.shows(MAIL.name);
      await found.stop();
      await stop();
      await capture.stop("isns.functionid == 0x8004");
      const ours = "isns.flags.client == 1";
      assert.deepEqual(
        await capture.fields("_ws.malformed || _ws.expert.severity >= 0x600000"),
        [],
      );
      const functions = await capture.fields(ours, "isns.functionid");
      assert.deepEqual(new Set(functions.flat()), new Set(["1", "5", "2", "4"]));
      const [registration] = await capture.fields(
        `${ours} && isns.functionid == 1 && isns.iscsi_alias`,
        ...["isns.iscsi_alias", "isns.portal.ip_address", "isns.portal_group_tag"],
        ...["isns.registration_period", "isns.esi_interval", "isns.entity_identifier"],
      );
      assert.deepEqual(registration, [
        "The mail",
        "::ffff:127.0.0.1,2001:db8::1",
        "7,8",
        "300",
        "60",
        "sanctl-target-test,sanctl-target-test",
      ]);
    }),
});
