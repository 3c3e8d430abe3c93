/** A thousand hosts that are logged in and do nothing: what they cost, and that they still can. */
import assert from "node:assert/strict";
import type { SessionFacts } from "../../lib/config/facts.ts";
import { cdb, Op } from "../support/block_commands.ts";
import { eventually } from "../support/eventually.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";
import { iqn, type Service, withService } from "../support/service.ts";
import { logIn, type TcpInitiator } from "../support/tcp_initiator.ts";

const SESSIONS = 1000;
const AT_ONCE = 50;

/** Resident memory of the whole process. */
const MOST_OCTETS = 120_000_000;

const READ_BLOCKS = 128;

async function open(service: Service, index: number): Promise<TcpInitiator> {
  const initiator = await logIn(service.serving.portal, {
    InitiatorName: iqn(`host${index}`),
    TargetName: iqn("t"),
    MaxRecvDataSegmentLength: "262144",
  });
  // A host that looked at its disk once: the buffers for that are not to stay.
  await read(initiator);
  return initiator;
}

async function read(initiator: TcpInitiator): Promise<void> {
  const length = READ_BLOCKS * 512;
  const { status, data } = await initiator.run({
    cdb: cdb(Op.READ_10, 0, READ_BLOCKS),
    read: true,
    length,
  });
  assert.equal(status, 0);
  assert.equal(data.length, length);
}

/** Does it for all, some at a time. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const item of rest) await work(item);
  }));
}

Deno.test({
  name: `idle sessions: ${SESSIONS} of them take at most ${MOST_OCTETS / 1e6} MB`,
  ...requires("dist/sanctl"),
  fn: () =>
    withService({ targets: { t: [{ file: "disk.vhd", size: "8M" }] } }, async (service) => {
      const before = service.residentMemory;
      const initiators: TcpInitiator[] = [];
      try {
        const indices = Array.from({ length: SESSIONS }, (_, index) => index);
        await forEach(indices, async (index) => void initiators.push(await open(service, index)));
        const sessions = await service.sanctl.facts<SessionFacts[]>("target sessions t");
        assert.equal(sessions.length, SESSIONS);
        // What logging in took, and nobody needs any more, is given back within seconds.
        await eventually(() => Promise.resolve(service.residentMemory <= MOST_OCTETS), true);
        const after = service.residentMemory;
        note(
          `${SESSIONS} idle sessions: ${megabytes(after)} resident, ${megabytes(before)} before`,
        );
        await forEach(initiators, read);
      } finally {
        for (const { stream } of initiators) stream.close();
      }
    }),
});

function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(1)} MB`;
}
