/** What becomes of a disk whose file is not there when the service begins, and comes back later. */
import assert from "node:assert/strict";
import { RETRY_MS } from "../../../lib/config/absent_disks.ts";
import { ControlError } from "../../../lib/config/control.ts";
import { fileReservationStore } from "../../../lib/config/reservation_file.ts";
import { Status } from "../../../lib/scsi/status.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { ADA, TestService } from "./service_fixture.ts";

const SIZE = 1 << 20;
const PATH = "/d/late.vhd";
const TEST_UNIT_READY = new Uint8Array(16);
const NOT_READY = 0x02;
/** A type of reservation. SPC-4 6.15.3.3. */
const EXCLUSIVE_ACCESS = 3;

/** Lets a try that the clock has begun come to its end. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function pass(service: TestService, ms: number): Promise<void> {
  service.clock.advance(ms);
  await turn();
}

/** The service begins without the file of `late`, LUN 0 of `mail`; LUN 1 is as it should be. */
async function withoutFile(
  test: (service: TestService, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await first.control.createTarget({ name: "mail", allow: [ADA] });
  await first.control.createDisk({ path: PATH, size: SIZE, target: "mail" });
  await first.control.createDisk({ path: "/d/there.vhd", size: SIZE, target: "mail" });
  await first.stop();
  first.files.found.delete(PATH);
  const second = await TestService.start(directory, first.files);
  try {
    await test(second, directory);
  } finally {
    await second.stop();
    await Deno.remove(directory, { recursive: true });
    assert.deepEqual([...second.files.open_], [], "every file is closed");
  }
}

/** What TEST UNIT READY answers, time after time, up to the first GOOD or NOT READY. */
async function answers(initiator: TestInitiator, lun: number): Promise<(string | number)[]> {
  const told: (string | number)[] = [];
  while (told.length < 8) {
    const { status, key, code } = await initiator.run({ cdb: TEST_UNIT_READY, lun });
    if (status === Status.GOOD) return [...told, "good"];
    if (key === NOT_READY) return [...told, "not ready"];
    told.push(code);
  }
  return told;
}

/** Writes one block at LUN 0. */
function write(initiator: TestInitiator) {
  const cdb = Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
  return initiator.run({ cdb, write: true, length: 512, data: new Uint8Array(512) });
}

Deno.test("A disk whose file comes back is ready, and its initiators learn it where they are", () =>
  withoutFile(async (service) => {
    const { control, files } = service;
    const initiator = await service.logIn("mail");
    assert.deepEqual(await answers(initiator, 0), [0x2900, "not ready"]);
    assert.deepEqual(await answers(initiator, 1), [0x2900, "good"]);
    await pass(service, RETRY_MS);
    assert.deepEqual(await answers(initiator, 0), ["not ready"]);

    files.put(PATH, 2 * SIZE);
    await pass(service, RETRY_MS - 1);
    assert.equal((await control.showDisk("late")).state, "failed");
    await pass(service, 1);
    const disk = await control.showDisk("late");
    assert.deepEqual([disk.state, disk.failure, disk.size], ["ready", null, 2 * SIZE]);
    assert.deepEqual((await control.status()).problems, []);
    assert.deepEqual(await answers(initiator, 0), [0x2900, 0x2800, "good"]);
    assert.deepEqual(await answers(initiator, 1), ["good"]);
    assert.equal((await write(initiator)).status, Status.GOOD);
    assert.equal((await control.showDisk("late")).counters.octetsWritten, 512);
    // Who comes later is told what every new session is told, and no more.
    assert.deepEqual(await answers(await service.logIn("mail", { isid: 2 }), 0), [0x2900, "good"]);
  }));

Deno.test("A disk that is absent says why as it is now, and what will be done", () =>
  withoutFile(async (service) => {
    const { control, files } = service;
    const failure = async (): Promise<string> => (await control.showDisk("late")).failure!;
    const again = "; it is tried again every 10 seconds";
    assert.equal(await failure(), `there is no ${PATH}; put it back${again}`);
    await control.unassignDisk("late");
    const { facts, notices } = await control.assignDisk("late", "mail");
    assert.equal(facts.state, "failed");
    assert.deepEqual(notices, [`disk late is not ready: ${await failure()}`]);
    files.put(PATH);
    files.refusal = new ControlError("in-use", "another program has it open", "end that");
    await pass(service, RETRY_MS);
    assert.equal(await failure(), `another program has it open; end that${again}`);
    files.refusal = undefined;
    await pass(service, RETRY_MS);
    assert.equal((await control.showDisk("late")).state, "ready");
    assert.deepEqual((await control.assignDisk("late", "mail")).notices, []);
  }));

Deno.test("A disk that is removed while it is absent is tried no more", () =>
  withoutFile(async ({ control, files, clock }) => {
    await control.unassignDisk("late");
    await control.removeDisk("late");
    files.put(PATH);
    clock.advance(RETRY_MS);
    await turn();
    assert.deepEqual([...files.open_], ["/d/there.vhd"]);
  }));

Deno.test("A disk that is removed while it is being opened is closed again", () =>
  withoutFile(async ({ control, files, clock }) => {
    files.put(PATH);
    const opening = Promise.withResolvers<void>();
    files.beforeOpening = opening.promise;
    clock.advance(RETRY_MS);
    // A medium that does not answer keeps nobody from changing the state.
    await control.unassignDisk("late");
    await control.removeDisk("late");
    opening.resolve();
    await turn();
    assert.deepEqual([...files.open_], ["/d/there.vhd"]);
    assert.deepEqual((await control.listDisks()).map(({ name }) => name), ["there"]);
  }));

Deno.test("A134: reservations that could not be read hold again once they can be", async () => {
  await withoutFile(async (service, directory) => {
    const { control, files } = service;
    const { uuid } = await control.showDisk("late");
    const path = `${directory}/reservations/${uuid}.json`;
    await Deno.mkdir(`${directory}/reservations`);
    await Deno.writeTextFile(path, "{");
    files.put(PATH);
    await pass(service, RETRY_MS);
    assert.match((await control.showDisk("late")).failure!, /persistent reservations.*not JSON/);
    assert.deepEqual([...files.open_], ["/d/there.vhd"]);
    await fileReservationStore(`${directory}/reservations`, uuid).save({
      registrations: [{
        initiatorPort: "iqn.2026-01.com.example:bob,i,0x0",
        targetPort: "iqn.2026-01.com.example:mail,t,0x0001",
        relativeTargetPort: 1,
        key: "00000000deadbeef",
      }],
      reservation: { type: EXCLUSIVE_ACCESS, holder: 0 },
    });
    await pass(service, RETRY_MS);
    assert.equal((await control.showDisk("late")).state, "ready");
    const initiator = await service.logIn("mail");
    await answers(initiator, 0);
    assert.equal((await write(initiator)).status, Status.RESERVATION_CONFLICT);
  });
});
