/** libiscsi's small tools: discovery, access, what a unit says of itself, loads without errors. */
import assert from "node:assert/strict";
import type { DiskFacts } from "../../lib/config/facts.ts";
import { peer, type PeerResult, runPeer } from "../support/peer.ts";
import { type Requirement, requires } from "../support/requires.ts";
import { iqn, type Service, type TestDeclaration, withService } from "../support/service.ts";

const HOST = iqn("host");
const STRANGER = iqn("stranger");

/** Login statuses as libiscsi prints them, class and detail in one decimal number. */
const INITIATOR_ERROR = 0x0200, NOT_FOUND = 0x0203;

function test(
  name: string,
  declaration: TestDeclaration,
  fn: (service: Service) => Promise<void>,
  ...needs: Requirement[]
): void {
  Deno.test({
    name: `libiscsi: ${name}`,
    ...requires("iscsi-ls", "iscsi-inq", "dist/sanctl", ...needs),
    fn: () => withService(declaration, fn),
  });
}

const ONE_DISK = { targets: { t: [{ file: "mem:one", size: "64M" }] } } as const;

/** The address of a portal alone, for discovery. */
function portalUrl(service: Service, portal = 0): string {
  return `iscsi://${service.serving.portals[portal]}/`;
}

/** `iscsi-inq`, whose exit code says nothing. */
async function inquiry(url: string, initiator = HOST): Promise<PeerResult> {
  return await runPeer("iscsi-inq", ["-i", initiator, url]);
}

test("discovery lists every target with its LUNs on every portal, IPv6 too", {
  targets: {
    first: [{ file: "mem:a", size: "64M" }, { file: "mem:b", size: "8M" }],
    second: [{ file: "mem:c", size: "1G" }],
  },
  portals: ["[::1]:0"],
}, async (service) => {
  for (const at of [0, 1]) {
    const said = await peer("iscsi-ls", "--url", portalUrl(service, at));
    const wanted = [0, 1].flatMap((portal) => [
      service.url("first", 0, portal),
      service.url("second", 0, portal),
    ]);
    const found = said.trim().split("\n");
    assert.deepEqual(found.toSorted(), wanted.toSorted(), `on portal ${at}`);
  }
  const said = await peer("iscsi-ls", "--show-luns", portalUrl(service));
  const targets = said.split(/^Target:/m).slice(1).map((it) => [
    it.split(" ")[0],
    [...it.matchAll(/^Lun:(\d+) +Type:DIRECT_ACCESS/gm)].map(([, lun]) => Number(lun)),
  ]);
  // Each target once a portal.
  const [first, second] = [[iqn("first"), [0, 1]], [iqn("second"), [0]]];
  assert.deepEqual(targets.toSorted(), [first, first, second, second]);
});

test("a stranger sees only what is open to anybody, and is refused the rest", {
  targets: { open: [], closed: [{ file: "mem:closed", size: "64M" }] },
  allow: `iqn:${HOST}`,
}, async (service) => {
  await service.sanctl.ok("target allow open any");
  const seen = async (initiator: string) => {
    const said = await peer("iscsi-ls", "-i", initiator, portalUrl(service));
    return [...said.matchAll(/^Target:(\S+)/gm)].map(([, name]) => name);
  };
  assert.deepEqual((await seen(HOST)).toSorted(), [iqn("closed"), iqn("open")]);
  assert.deepEqual(await seen(STRANGER), [iqn("open")]);

  const refused = await inquiry(service.url("closed"), STRANGER);
  // It does not even learn that there is such a target.
  assert.match(refused.stderr, new RegExp(`\\(${NOT_FOUND}\\)`));
  assert.equal(refused.stdout, "");
  assert.match((await inquiry(service.url("closed"), HOST)).stdout, /^Vendor:SANCTL/m);

  await service.sanctl.ok(`target deny closed iqn:${HOST} --yes`);
  assert.equal((await inquiry(service.url("closed"), HOST)).stdout, "");
  assert.deepEqual(await seen(HOST), [iqn("open")]);
});

test(
  "an initiator that insists on CHAP is refused where there is none",
  ONE_DISK,
  async (service) => {
    const url = service.url("t").replace("iscsi://", "iscsi://user%a.secret.of.16.octets@");
    const { stdout, stderr } = await inquiry(url);
    assert.match(stderr, new RegExp(`\\(${INITIATOR_ERROR}\\)`));
    assert.equal(stdout, "");
  },
);

test("what does not exist is said to be missing", ONE_DISK, async (service) => {
  const lun = await inquiry(service.url("t", 9));
  assert.match(lun.stderr, /LOGICAL_UNIT_NOT_SUPPORTED/);
  const target = await inquiry(service.url("t").replace(iqn("t"), iqn("nobody")));
  assert.match(target.stderr, new RegExp(`\\(${NOT_FOUND}\\)`));
});

/** What names the unit: its serial number and its designators. */
async function identity(url: string): Promise<string> {
  const serial = await peer("iscsi-inq", "-e", "1", "-c", "128", url);
  const designators = await peer("iscsi-inq", "-e", "1", "-c", "131", url);
  return serial + designators;
}

test("a unit has the same identity on every portal and after a restart, and it is its disk's", {
  targets: { t: [{ file: "one.vhd", size: "8M" }, { file: "two.vhd", size: "8M" }] },
  portals: ["[::1]:0"],
}, async (service) => {
  const { uuid } = await service.sanctl.facts<DiskFacts>("disk show one");
  const before = await identity(service.url("t"));
  assert.match(before, new RegExp(`Unit Serial Number:\\[${uuid.replaceAll("-", "")}\\]`));
  assert.equal(await identity(service.url("t", 0, 1)), before);
  const serial = /Unit Serial Number:\S+/.exec(before)![0];
  assert.ok(!(await identity(service.url("t", 1))).includes(serial));
  await service.stop();
  await service.start();
  assert.equal(await identity(service.url("t")), before);
});

test("every VPD page that is listed is there", ONE_DISK, async (service) => {
  const url = service.url("t");
  const listed = await peer("iscsi-inq", "-e", "1", "-c", "0", url);
  const pages = [...listed.matchAll(/^Page:(0x\w\w)/gm)].map(([, page]) => Number(page));
  assert.deepEqual(pages, [0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2]);
  // libiscsi has no words for page 86h.
  for (const page of pages.filter((it) => it !== 0x86)) {
    const { exitCode, stderr } = await runPeer("iscsi-inq", ["-e", "1", "-c", String(page), url]);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, "");
  }
});

test("the capacity is told with the block lengths and the provisioning", {
  targets: {
    t: [
      { file: "mem:thin", size: "64M" },
      { file: "thick.vhd", size: "8M", options: "--physical-block 4096" },
    ],
  },
}, async (service) => {
  const capacity = (lun: number) => peer("iscsi-readcapacity16", service.url("t", lun));
  const thin = await capacity(0);
  assert.match(thin, /RETURNED LOGICAL BLOCK ADDRESS:131071\n/);
  assert.match(thin, /LOGICAL BLOCK LENGTH IN BYTES:512\n/);
  assert.match(thin, /LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT:0\n/);
  assert.match(thin, /LBPME:1 LBPRZ:1\n/);
  const thick = await capacity(1);
  assert.match(thick, /LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT:3\n/);
  assert.match(thick, /LBPME:0 /);
  assert.equal(await peer("iscsi-readcapacity16", "-s", service.url("t", 1)), "8388608\n");
}, "iscsi-readcapacity16");

test(
  "software write protection lasts from one session to the next, and bars writes",
  ONE_DISK,
  async (service) => {
    const url = service.url("t");
    const protection = async (...args: string[]) =>
      [...(await peer("iscsi-swp", ...args, url)).matchAll(/^SWP:(\d)/gm)].at(-1)![1];
    const write = () => runPeer("qemu-io", ["-f", "raw", "-c", "write -P 1 0 64k", url]);
    assert.equal(await protection(), "0");
    assert.equal((await write()).exitCode, 0);
    await protection("-s", "on");
    assert.equal(await protection(), "1");
    assert.notEqual((await write()).exitCode, 0);
    await protection("-s", "off");
    assert.equal(await protection(), "0");
    assert.equal((await write()).exitCode, 0);
  },
  "iscsi-swp",
  "qemu-io",
  "qemu block-iscsi",
);

/** A second of `iscsi-perf`, which must not meet an error; operations a second. */
async function load(url: string, ...options: string[]): Promise<number> {
  const said = await peer("iscsi-perf", "-t", "1", ...options, url);
  assert.doesNotMatch(said, /fail|error|reconnect/i);
  const average = /iops average (\d+)/.exec(said.split("\r").at(-1)!);
  assert.ok(average !== null, said);
  return Number(average[1]);
}

test("loads run without an error, over IPv6 and at every depth and size", {
  targets: { t: [{ file: "disk.vhd", size: "64M" }] },
  portals: ["[::1]:0"],
}, async (service) => {
  for (const portal of [0, 1]) {
    const url = service.url("t", 0, portal);
    assert.ok(await load(url, "-r", "-m", "32", "-b", "8") > 0);
    assert.ok(await load(url, "-m", "4", "-b", "2048") > 0);
    assert.ok(await load(url, "-r", "-m", "1", "-b", "1") > 0);
  }
}, "iscsi-perf");
