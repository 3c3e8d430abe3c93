/**
 * As much as the server that we succeed could hold, all at once: 256 targets, 512 disks in files, 64
 * portals, and 544 sessions with one target.
 */
import assert from "node:assert/strict";
import type { LimitFacts, SessionFacts, StatusFacts } from "../../lib/config/facts.ts";
import { discover } from "../../lib/initiator/discover.ts";
import { systemNode } from "../../lib/initiator/system_node.ts";
import { parseTargetAddress } from "../../lib/iscsi/portal_address.ts";
import { LoginStatus } from "../../lib/iscsi/pdu/login_response.ts";
import { note } from "../support/note.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn } from "../support/service.ts";
import { Serving } from "../support/serving.ts";
import { logIn, type TcpInitiator } from "../support/tcp_initiator.ts";
import { TestInitiator } from "../support/test_initiator.ts";

const TARGETS = 256, DISKS = 512, SESSIONS = 544, PORTALS = 64;
const AT_ONCE = 32;

/** READ CAPACITY(10). */
const READ_CAPACITY = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];

function targetName(at: number): string {
  return `t${String(at).padStart(3, "0")}`;
}

/** The document of the server: two disks a target, of a size of their own. */
function document(sanctl: Sanctl): string {
  const lines = ["version: 1", "disks:"];
  for (let at = 0; at < DISKS; at++) {
    const file = sanctl.path(`d${at}.img`);
    lines.push(`  - { name: d${at}, path: ${file}, size: ${64 + at}K, sparse: true }`);
  }
  lines.push("targets:");
  for (let at = 0; at < TARGETS; at++) {
    const luns = [0, 1].map((lun) => `{ disk: d${2 * at + lun}, lun: ${lun} }`).join(", ");
    lines.push(`  - { name: ${targetName(at)}, iqn: "${iqn(targetName(at))}", allow: [any], `);
    lines.push(`      luns: [${luns}] }`);
  }
  return `${lines.join("\n")}\n`;
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Does it for all, some at a time. */
async function forEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  const rest = indices(count).values();
  await Promise.all(
    indices(AT_ONCE).map(async () => {
      for (const index of rest) await work(index);
    }),
  );
}

/** Blocks of a LUN of the initiator's target. */
async function blocks(initiator: TcpInitiator, lun: number): Promise<number> {
  const command = { cdb: READ_CAPACITY, lun, read: true, length: 8 };
  let { status, data } = await initiator.run(command);
  // A unit attention comes first.
  if (status !== 0) ({ status, data } = await initiator.run(command));
  assert.equal(status, 0);
  return new DataView(data.buffer, data.byteOffset).getUint32(0) + 1;
}

async function refusal(portal: string, target: string): Promise<number> {
  const [hostname, port] = portal.split(":") as [string, string];
  const stream = await Deno.connect({ hostname, port: Number(port) });
  const initiator = new TestInitiator(stream);
  const keys = { InitiatorName: iqn("one-more"), TargetName: iqn(target) };
  const { status } = await initiator.login(keys);
  stream.close();
  return status;
}

function megabytes(serving: Serving): string {
  const status = Deno.readTextFileSync(`/proc/${serving.pid}/status`);
  return `${Math.round(Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) / 1000)} MB`;
}

Deno.test({
  name:
    `A full house: ${TARGETS} targets, ${DISKS} disks, ${PORTALS} portals, ${SESSIONS} sessions`,
  ...requires("dist/sanctl", "iscsi-ls"),
  fn: () =>
    withSanctl(async (sanctl) => {
      const file = sanctl.path("server.yaml");
      await Deno.writeTextFile(file, document(sanctl));
      await sanctl.ok(`apply -f ${file} --yes`);
      const further = indices(PORTALS - 1).flatMap(() => ["--portal", "127.0.0.1:0"]);
      await findAll(sanctl);
      const startMs = performance.now();
      const serving = await Serving.start(sanctl, further);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      const initiators: TcpInitiator[] = [];
      try {
        const before = megabytes(serving);
        await visit(sanctl, serving, initiators);
        note(
          `a full house: ready after ${seconds} s with ${before} resident, ` +
            `${megabytes(serving)} with ${SESSIONS + TARGETS - 1} sessions`,
        );
      } finally {
        for (const { stream } of initiators) stream.close();
        await serving.end();
      }
    }),
});

/** libiscsi takes no answer in several pieces, which that with every portal of each would be. */
async function findAll(sanctl: Sanctl): Promise<void> {
  const serving = await Serving.start(sanctl);
  try {
    const said = await peer("iscsi-ls", "--url", `iscsi://${serving.portal}/`);
    assert.equal(new Set(said.trim().split("\n")).size, TARGETS);
  } finally {
    await serving.end();
  }
}

async function visit(
  sanctl: Sanctl,
  serving: Serving,
  initiators: TcpInitiator[],
): Promise<void> {
  const { portals } = serving;
  assert.equal(portals.length, PORTALS);
  const portal = parseTargetAddress(portals[PORTALS - 1]!)!;
  const found = await discover(systemNode({ name: iqn("host") }), { portal });
  assert.equal(found.length, TARGETS);
  for (const { addresses } of found) assert.equal(addresses.length, PORTALS);

  const first = targetName(0);
  await forEach(SESSIONS, async (at) => {
    const names = { InitiatorName: iqn(`host${at}`), TargetName: iqn(first) };
    initiators.push(await logIn(portals[at % PORTALS]!, names));
  });
  await forEach(TARGETS - 1, async (at) => {
    const names = { InitiatorName: iqn("host"), TargetName: iqn(targetName(at + 1)) };
    const initiator = await logIn(portals[at % PORTALS]!, names);
    initiators.push(initiator);
    for (const lun of [0, 1]) {
      assert.equal(await blocks(initiator, lun), 2 * (64 + 2 * (at + 1) + lun));
    }
  });
  const sessions = await sanctl.facts<SessionFacts[]>(`target sessions ${first}`);
  assert.equal(sessions.length, SESSIONS);
  const { targets, disks, problems } = await sanctl.facts<StatusFacts>("status");
  assert.deepEqual([targets, disks, problems], [TARGETS, DISKS, []]);
  await forEach(SESSIONS, (at) => initiators[at]!.fence());

  const settings = `sessionsOfTarget=${SESSIONS} targets=${TARGETS} disks=${DISKS}`;
  const limits = await sanctl.facts<LimitFacts[]>(`target limits ${settings}`);
  const used = limits.filter((limit) => limit.used === limit.value).map(({ name }) => name);
  assert.deepEqual(used, ["targets", "disks", "sessionsOfTarget"]);
  assert.equal(await refusal(portals[0]!, first), LoginStatus.OUT_OF_RESOURCES);
  assert.equal((await sanctl.run("target create one-more")).exitCode, 1);
}
