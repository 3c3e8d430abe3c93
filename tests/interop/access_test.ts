/** Who may log in, by every kind of rule, as libiscsi finds it from hosts of its own. */
import assert from "node:assert/strict";
import type { EventFacts } from "../../lib/config/control.ts";
import { type NetworkNamespace, withNetworks } from "../support/network_namespace.ts";
import { peer, runPeer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const NEEDS = ["dist/sanctl", "iscsi-ls", "iscsi-inq", "ip", "network namespaces"] as const;
const HOST = iqn("host");
const NOT_FOUND = "Target not found(515)";

/** The hosts of the test: the server on two subnets, an initiator on each, one behind a router. */
interface Hosts {
  readonly sanctl: Sanctl;
  readonly serving: Serving;
  readonly first: NetworkNamespace;
  readonly second: NetworkNamespace;
  readonly remote: NetworkNamespace;
  /** The server's file of hosts. */
  readonly hostsFile: string;
}

const PORTALS = ["192.168.1.1:3260", "192.168.2.1:3260", "[fd00:1::1]:3260"];
const FIRST = { hardware: "02:15:17:0b:0e:f6", addresses: ["192.168.1.101/24", "fd00:1::101/64"] };
const SECOND = { hardware: "02:15:17:0b:0e:f7", addresses: ["192.168.2.101/24"] };

/** Each target's one rule. */
const RULES: Readonly<Record<string, string>> = {
  "by-name": HOST,
  "by-address": "192.168.1.101",
  "by-network": "192.168.1.0/25",
  "by-ipv6": "fd00:1::/64",
  "by-host": "mail1.example.org",
  "by-adapter": "02-15-17-0B-0E-F6",
  "by-colons": "02:15:17:0b:0e:f6",
  "by-other-name": iqn("other"),
  "by-other-address": "192.168.2.101",
  "by-other-network": "192.168.2.0/24",
  "by-other-host": "mail2.example.org",
  "by-other-adapter": "02-15-17-0B-0E-F7",
  "by-host-that-is-none": "mail3.example.org",
  "by-remote-address": "10.9.0.7",
  "by-remote-adapter": "02:15:17:0b:0e:f8",
  "by-anybody": "any",
};

async function withHosts(
  test: (hosts: Hosts) => Promise<void>,
  { targets = Object.keys(RULES), resolver }: { targets?: string[]; resolver?: string } = {},
): Promise<void> {
  await withNetworks(4, (server, first, second, remote) =>
    withSanctl(async (sanctl) => {
      await lay(server!, first!, second!, remote!);
      for (const target of targets) {
        await sanctl.ok(`target create ${target} --iqn ${iqn(target)} --allow ${RULES[target]}`);
      }
      const hostsFile = sanctl.path("hosts");
      await Deno.writeTextFile(
        hostsFile,
        "192.168.1.101 mail1.example.org\nfd00:1::101 mail1.example.org\n" +
          "192.168.2.101 mail2.example.org\n",
      );
      const files = {
        "hosts": hostsFile,
        "nsswitch.conf": sanctl.path("nsswitch.conf"),
        "resolv.conf": sanctl.path("resolv.conf"),
      };
      const source = resolver === undefined ? "files" : "files dns";
      await Deno.writeTextFile(files["nsswitch.conf"], `hosts: ${source}\n`);
      await Deno.writeTextFile(files["resolv.conf"], `nameserver ${resolver ?? "127.0.0.1"}\n`);
      // Who has which name is the server's own matter.
      const mounts = Object.entries(files).map(([name, path]) =>
        `mount --bind ${path} /etc/${name}`
      );
      const own = [...mounts, 'exec "$0" "$@"'].join(" && ");
      const through = [...server!.through, "unshare", "--mount", "sh", "-c", own];
      const portals = PORTALS.flatMap((portal) => ["--portal", portal]);
      const serving = await Serving.start(sanctl, portals, through);
      const hosts = { sanctl, serving, hostsFile, first: first!, second: second!, remote: remote! };
      try {
        await test(hosts);
      } finally {
        await serving.end();
      }
    }));
}

/** The cables: the remote host is behind the second one, which passes on what it sends. */
async function lay(
  server: NetworkNamespace,
  first: NetworkNamespace,
  second: NetworkNamespace,
  remote: NetworkNamespace,
): Promise<void> {
  const near = (addresses: string[]) => ({ hardware: "02:00:00:00:00:01", addresses });
  await server.cable(first, "e0", { near: near(["192.168.1.1/24", "fd00:1::1/64"]), far: FIRST });
  await server.cable(second, "e1", { near: near(["192.168.2.1/24"]), far: SECOND });
  const far = { hardware: "02:15:17:0b:0e:f8", addresses: ["10.9.0.7/24"] };
  await second.cable(remote, "e2", { near: near(["10.9.0.1/24"]), far });
  await second.beRouter();
  await remote.routeBy("10.9.0.1");
  await server.routeBy("192.168.2.101");
}

/** The targets that a host is shown, in the order of their names. */
async function shown(host: NetworkNamespace, portal: string, name = HOST): Promise<string[]> {
  const [program, ...words] = [
    ...host.through,
    "iscsi-ls",
    "--url",
    "-i",
    name,
    `iscsi://${portal}/`,
  ];
  const targets = [...(await peer(program!, ...words)).matchAll(/^iscsi:\/\/\S+:(\S+)\//gm)];
  return [...new Set([...targets].map(([, target]) => target!))].sort();
}

async function inquire(host: NetworkNamespace, portal: string, target: string) {
  const url = `iscsi://${portal}/${iqn(target)}/0`;
  const [program, ...words] = [...host.through, "iscsi-inq", "-i", HOST, url];
  const { stdout, stderr } = await runPeer(program!, words);
  return stdout + stderr;
}

Deno.test({
  name:
    "B-13 B-55: each host finds and uses the targets whose rule admits it, by every kind of rule",
  ...requires(...NEEDS),
  fn: (context) =>
    withHosts(async (hosts) => {
      for (const [name, step] of STEPS) await context.step(name, () => step(hosts));
    }),
});

const STEPS: readonly (readonly [name: string, step: (hosts: Hosts) => Promise<void>])[] = [
  ["discovery shows each host what it may use", discovers],
  ["a login is let in or refused as discovery shows, and events tell by which rule", logsIn],
  ["a host that has moved is known at its new address", followsHosts],
  ["who comes by loopback has no adapter, and the refusal says so", knowsLoopback],
];

async function discovers({ first, second, remote }: Hosts): Promise<void> {
  const own = ["by-adapter", "by-address", "by-anybody", "by-colons", "by-host", "by-name"];
  assert.deepEqual(await shown(first, PORTALS[0]!), [...own, "by-network"]);
  const overIpv6 = ["by-adapter", "by-anybody", "by-colons", "by-host", "by-ipv6", "by-name"];
  assert.deepEqual(await shown(first, PORTALS[2]!), overIpv6);
  const stranger = own.filter((target) => target !== "by-name");
  assert.deepEqual(await shown(first, PORTALS[0]!, iqn("stranger")), [...stranger, "by-network"]);
  const other = ["by-other-adapter", "by-other-address", "by-other-host", "by-other-network"];
  assert.deepEqual(await shown(second, PORTALS[1]!), ["by-anybody", "by-name", ...other]);
  // A router's adapter is not that of the hosts behind it.
  const far = ["by-anybody", "by-name", "by-remote-address"];
  assert.deepEqual(await shown(remote, PORTALS[1]!), far);
}

async function logsIn({ sanctl, first, remote }: Hosts): Promise<void> {
  for (const target of ["by-adapter", "by-host", "by-network"]) {
    assert.doesNotMatch(await inquire(first, PORTALS[0]!, target), /Failed to log in/, target);
  }
  const adapter = /none of mac:02-15-17-0B-0E-F7 \(its own is 02-15-17-0B-0E-F6\)/;
  const refused: [host: NetworkNamespace, portal: string, target: string, why: RegExp][] = [
    [first, PORTALS[0]!, "by-other-adapter", adapter],
    [first, PORTALS[2]!, "by-other-adapter", adapter],
    [first, PORTALS[0]!, "by-other-host", /dns:mail2\.example\.org \(is 192\.168\.2\.101\)/],
    [first, PORTALS[0]!, "by-host-that-is-none", /dns:mail3\S+ \(there is no host of that name/],
    [remote, PORTALS[1]!, "by-remote-adapter", /mac:02\S+F8 \(10\.9\.0\.7 is not on a network of/],
    [first, PORTALS[0]!, "by-other-network", /none of ip:192\.168\.2\.0\/24 admits it/],
    [first, PORTALS[0]!, "none", /there is no target of this name/],
  ];
  for (const [host, portal, target] of refused) {
    assert.ok((await inquire(host, portal, target)).includes(NOT_FOUND), target);
  }
  const events = await sanctl.facts<EventFacts[]>("events --source target");
  const refusals = events.filter(({ kind }) => kind === "login-refused");
  assert.equal(refusals.length, refused.length);
  for (const [at, [, , , why]] of refused.entries()) {
    assert.match(String(refusals[at]!.data["reason"]), why);
  }
}

async function followsHosts({ first, hostsFile }: Hosts): Promise<void> {
  await Deno.writeTextFile(hostsFile, "192.168.1.101 mail2.example.org\n");
  // An answer that does not fit is good for two seconds.
  const deadlineMs = performance.now() + 20_000;
  let said = NOT_FOUND;
  while (said.includes(NOT_FOUND) && performance.now() < deadlineMs) {
    said = await inquire(first, PORTALS[0]!, "by-other-host");
  }
  assert.doesNotMatch(said, /Failed to log in/);
}

async function knowsLoopback({ sanctl, serving }: Hosts): Promise<void> {
  const url = `iscsi://${serving.portal}/${iqn("by-adapter")}/0`;
  const within = [`--net=/proc/${serving.pid}/ns/net`, "--"];
  const { stdout, stderr } = await runPeer("nsenter", [...within, "iscsi-inq", "-i", HOST, url]);
  assert.ok((stdout + stderr).includes(NOT_FOUND));
  assert.match(await sanctl.ok("events"), /it comes from this machine, and by no adapter/);
}

Deno.test({
  name: "While the resolver does not answer, a login is told to come again, within seconds",
  ...requires(...NEEDS),
  fn: () =>
    withHosts(async ({ sanctl, first }) => {
      const said = await inquire(first, PORTALS[0]!, "by-host-that-is-none");
      assert.ok(said.includes("Service unavailable(769)"), said);
      const events = await sanctl.ok("events");
      assert.match(events, /status 0301: none of dns:mail3\S+ \(no answer came within 5 seconds\)/);
      // Who is admitted by what is known does not wait for it.
      const startMs = performance.now();
      assert.doesNotMatch(await inquire(first, PORTALS[0]!, "by-host"), /Failed to log in/);
      assert.ok(performance.now() - startMs < 3000);
      // The address is routed, and nobody is there.
    }, { targets: ["by-host", "by-host-that-is-none"], resolver: "10.9.0.99" }),
});
