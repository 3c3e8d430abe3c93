import assert from "node:assert/strict";
import type { VisitorFacts } from "../../../../lib/config/control.ts";
import { OfflineKeeper } from "../../../../lib/config/offline.ts";
import { StateControl } from "../../../../lib/config/state_control.ts";
import { MemoryDiskFiles } from "../memory_disk_files.ts";
import { ADA, TestService, withService } from "../service_fixture.ts";

const EVE = "iqn.2026-01.com.example:eve";
const FILE = "initiators.json";

/** Ada is let in to `mail`, Eve is refused by it, and asks for a target that there is not. */
async function visits(service: TestService): Promise<void> {
  await service.control.createTarget({ name: "mail", allow: [ADA] });
  await service.logIn("mail");
  service.clock.advance(1000);
  await service.tryLogIn("mail", { name: EVE });
  service.clock.advance(1000);
  await service.tryLogIn("mail", { name: EVE.toUpperCase(), iqn: "iqn.2026-01.org.example:none" });
}

function short({ initiator, target, admitted, reason }: VisitorFacts): string {
  return `${initiator.split(":")[1]} ${target} ${admitted} ${reason}`;
}

const EXPECTED = [
  "ada mail true null",
  "eve iqn.2026-01.org.example:none false there is no target of this name",
  `eve mail false none of iqn:${ADA} admits it`,
];

Deno.test("A service tells who came by, from where, for what and what came of it", () =>
  withService(async (service) => {
    await visits(service);
    const visitors = await service.control.initiators();
    assert.deepEqual(visitors.map(short), EXPECTED);
    assert.deepEqual(visitors[0], {
      initiator: ADA,
      address: "192.0.2.101",
      target: "mail",
      admitted: true,
      reason: null,
      firstSeen: "2026-01-01T00:00:00.000Z",
      // It is logged in, and so seen now.
      lastSeen: service.clock.now().toISOString(),
      visits: 1,
    });
    await service.control.setTarget("mail", { name: "post" });
    assert.equal((await service.control.initiators())[0]!.target, "post");
  }));

Deno.test("Who came by is written within half a minute, and known offline and by the next service", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  try {
    await visits(first);
    await assert.rejects(Deno.stat(`${directory}/${FILE}`), Deno.errors.NotFound);
    first.clock.advance(30_000);
    const { mode } = await appearing(`${directory}/${FILE}`);
    assert.equal(mode! & 0o777, 0o600);
  } finally {
    await first.stop();
  }
  const second = await TestService.start(directory);
  try {
    assert.deepEqual((await second.control.initiators()).map(short).sort(), [...EXPECTED].sort());
    await second.tryLogIn("mail", { name: EVE });
  } finally {
    await second.stop();
  }
  // The clock of the test is behind: what was last written is there all the same.
  const text = JSON.parse(await Deno.readTextFile(`${directory}/${FILE}`));
  assert.equal(text.length, 3);
  await Deno.writeTextFile(
    `${directory}/${FILE}`,
    JSON.stringify(text.map((each: object) => ({ ...each, lastSeen: Date.now() }))),
  );
  const offline = new StateControl(new OfflineKeeper(directory, new MemoryDiskFiles()));
  assert.deepEqual((await offline.initiators()).map(short).sort(), [...EXPECTED].sort());
  await Deno.remove(directory, { recursive: true });
});

Deno.test("A damaged file of visitors keeps no service from its work", async () => {
  const whole = { initiator: ADA, address: "::1", firstSeen: 1, lastSeen: 1, visits: 1 };
  for (const text of ["", "{", "[]", '[null, 7, {"initiator": 1}]', JSON.stringify([whole, {}])]) {
    const directory = await Deno.makeTempDir();
    await Deno.writeTextFile(`${directory}/${FILE}`, text);
    const service = await TestService.start(directory);
    await visits(service);
    assert.equal((await service.control.initiators()).length, 3);
    await service.stop();
    assert.equal(JSON.parse(await Deno.readTextFile(`${directory}/${FILE}`)).length, 3);
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("B-16: who has no name, and whose target has none, is not remembered", () =>
  withService(async (service) => {
    await service.control.createTarget({ name: "mail", allow: [ADA] });
    await service.tryLogIn("mail", { name: "\x1b[2J" });
    await service.tryLogIn("mail", { name: "iqn.x" });
    await service.tryLogIn("mail", { iqn: "\x1b[2J" });
    assert.deepEqual(await service.control.initiators(), []);
  }));

async function appearing(path: string): Promise<Deno.FileInfo> {
  for (;;) {
    try {
      return await Deno.stat(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
