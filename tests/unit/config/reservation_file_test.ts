import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { ControlError } from "../../../lib/config/control_error.ts";
import { fileReservationStore } from "../../../lib/config/reservation_file.ts";
import type { PersistedReservations } from "../../../lib/scsi/reservations.ts";

const UUID = "3f2b1c00-7a55-4e0e-9d4f-0123456789ab";
const OTHER_UUID = "3f2b1c00-7a55-4e0e-9d4f-0123456789ac";

const STATE: PersistedReservations = {
  registrations: [
    {
      initiatorPort: "iqn.2026-01.org.example:a,i,0x00023d000001",
      targetPort: "iqn.2026-01.org.example:t,t,0x0001",
      relativeTargetPort: 1,
      key: "00000000deadbeef",
    },
    {
      initiatorPort: "iqn.2026-01.org.example:b,i,0x00023d000001",
      except: ["iqn.2026-01.org.example:t,t,0x0002"],
      relativeTargetPort: 2,
      key: "ffffffffffffffff",
    },
  ],
  reservation: { type: 5, holder: 0 },
};

/** Runs the test with a directory of its own, that does not exist yet. */
async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(`${parent}/reservations`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("A134: what was saved is loaded again, by another process as well", async () => {
  await inDirectory(async (directory) => {
    const store = fileReservationStore(directory, UUID);
    assert.equal(store.load(), undefined);
    await store.save(STATE);
    assert.deepEqual(fileReservationStore(directory, UUID).load(), STATE);
    assert.deepEqual(fileReservationStore(directory, UUID.toUpperCase()).load(), STATE);
    await store.save({ registrations: [] });
    assert.deepEqual(fileReservationStore(directory, UUID).load(), { registrations: [] });
  });
});

Deno.test("A134: each disk has a file of its own, found by its UUID and private", async () => {
  await inDirectory(async (directory) => {
    await fileReservationStore(directory, UUID).save(STATE);
    await fileReservationStore(directory, OTHER_UUID).save({ registrations: [] });
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(names, [`${UUID}.json`, `${OTHER_UUID}.json`], "and nothing else is left");
    if (Deno.build.os === "windows") return;
    assert.equal((await Deno.stat(`${directory}/${UUID}.json`)).mode! & 0o777, 0o600);
  });
});

Deno.test("A134: a save that was cut short leaves what was saved before", async () => {
  await inDirectory(async (directory) => {
    const store = fileReservationStore(directory, UUID);
    await store.save(STATE);
    await Deno.writeTextFile(`${directory}/${UUID}.json.new`, '{"version": 1, "dis');
    assert.deepEqual(store.load(), STATE);
    await store.save({ registrations: [] });
    assert.deepEqual(store.load(), { registrations: [] });
  });
});

Deno.test("A134: a file that is not whole, or not ours, is refused by name and left alone", async () => {
  await inDirectory(async (directory) => {
    const store = fileReservationStore(directory, UUID);
    await store.save(STATE);
    const path = `${directory}/${UUID}.json`;
    const whole = await Deno.readTextFile(path);
    const content = JSON.parse(whole);
    const bad: [string, string | Uint8Array][] = [
      ["it is not JSON", ""],
      ["it is not JSON", whole.slice(0, -10)],
      ["it is not JSON", "\0".repeat(whole.length)],
      ["version", JSON.stringify({ ...content, version: 2 })],
      ["belongs to the disk", JSON.stringify({ ...content, disk: OTHER_UUID })],
      ["registrations.0.key", whole.replace("00000000deadbeef", "deadbeef")],
      ["is no reservation key", whole.replace("00000000deadbeef", "0000000000000000")],
      ["registrations", JSON.stringify({ ...content, registrations: undefined })],
      ["is no type of reservation", whole.replace('"type": 5', '"type": 2')],
      ["holder", whole.replace('"holder": 0', '"holder": 1')],
      ["holder", whole.replace('"holder": 0', '"holder": 7')],
      ["", JSON.stringify({ ...content, more: 1 })],
      ["", Uint8Array.from([0xff, 0xfe, 0x7b])],
      ["octets", " ".repeat(2 << 20)],
    ];
    for (const [why, text] of bad) {
      const octets = typeof text === "string" ? new TextEncoder().encode(text) : text;
      await Deno.writeFile(path, octets);
      assert.throws(
        () => store.load(),
        (error: unknown) =>
          error instanceof ControlError && error.message.includes(path) &&
          error.message.includes(why) && error.nextStep !== undefined,
        why,
      );
      assert.deepEqual(await Deno.readFile(path), octets);
    }
    await Deno.writeTextFile(path, whole);
    assert.deepEqual(store.load(), STATE);
  });
});

Deno.test("A134: a state that cannot be saved is a device's failure that names the file", async () => {
  await inDirectory(async (directory) => {
    const store = fileReservationStore(directory, UUID);
    await store.save(STATE);
    // A directory where the next file has to be.
    await Deno.mkdir(`${directory}/${UUID}.json.new/x`, { recursive: true });
    await assert.rejects(
      store.save({ registrations: [] }),
      (error: unknown) =>
        error instanceof DeviceError && error.message.includes(`${directory}/${UUID}.json`),
    );
    assert.deepEqual(store.load(), STATE);
  });
});

Deno.test("fileReservationStore: a name that is no UUID never becomes a path", () => {
  for (const uuid of ["", "../../etc/passwd", `${UUID}/..`]) {
    assert.throws(() => fileReservationStore("/tmp", uuid), RangeError);
  }
});
