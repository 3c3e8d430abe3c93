/** Disks that a document makes larger. */
import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { ControlError } from "../../../../lib/config/control.ts";
import { growTogether } from "../../../../lib/config/document/grow_together.ts";
import { withService } from "../service_fixture.ts";
import { attentions } from "../service_steps.ts";
import { DocumentControl, isRefusal, withServer } from "./document_fixture.ts";

const MIB = 1 << 20;
const READ_CAPACITY = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const CAPACITY_CHANGED = 0x2a09;

Deno.test("apply: a larger size extends, a smaller one is refused, and it is the same next time", () =>
  withServer(async ({ control, documents, files }) => {
    files.put("/d/there.img", 2 * MIB);
    await control.createDisk({ path: "/d/a.img", size: MIB });
    const text = "disks: [{name: a, size: 3M}, {name: b, path: /d/there.img, size: 4M}]";
    const { facts, notices } = await documents.apply(text);
    assert.deepEqual(facts.steps.map(({ name, file }) => [name, file]), [
      ["a", { path: "/d/a.img", action: "extended" }],
      ["b", { path: "/d/there.img", action: "imported" }],
    ]);
    assert.match(notices.join(), /file system on disk a .*file system on disk b/);
    assert.deepEqual((await control.listDisks()).map(({ size }) => size), [3 * MIB, 4 * MIB]);
    assert.deepEqual([...files.found.values()].map(({ size }) => size), [4 * MIB, 3 * MIB]);
    assert.deepEqual((await documents.apply(text)).facts.steps, []);
    for (const [size, said] of [["2M", /never shrinks/], ["3073B", /never shrinks|whole blocks/]]) {
      await assert.rejects(
        documents.apply(`disks: [{name: a, size: ${size}}]`),
        isRefusal("usage", said as RegExp),
      );
    }
    files.put("/d/other.img", 2 * MIB);
    await assert.rejects(
      documents.apply("disks: [{name: c, path: /d/other.img, size: 1M}]"),
      isRefusal("usage", /disks\[0\]\.size: disk c has 2097152 octets already/),
    );
  }));

Deno.test("apply: initiators are told of the new size, and go on", () =>
  withService(async (service) => {
    const { control } = service;
    const documents = new DocumentControl(control);
    await documents.apply(
      "targets: [{name: t, allow: [any], luns: [{disk: d}]}]\n" +
        "disks: [{name: d, path: /d/d.img, size: 1M}]",
    );
    const initiator = await service.logIn("t");
    await attentions(initiator);
    await documents.apply("disks: [{name: d, size: 2M}]");
    assert.deepEqual(await attentions(initiator), [CAPACITY_CHANGED]);
    const { data } = await initiator.run({ cdb: READ_CAPACITY, read: true, length: 8 });
    assert.equal(new DataView(data.buffer).getUint32(0), 2 * MIB / 512 - 1);
    const [session] = await control.sessions();
    assert.equal(session!.target, "t");
  }));

Deno.test("apply: where one disk cannot be extended none is, and files that were made are gone", () =>
  withService(async ({ control, files }) => {
    const documents = new DocumentControl(control);
    await documents.apply(`disks:
  - {name: a, path: /d/a.img, size: 1M}
  - {name: b, path: /d/b.img, size: 1M}
  - {name: m, format: mem, size: 1M}`);
    files.ungrowable.set("/d/b.img", new DeviceError("no-space", "cannot extend b: it is full"));
    const before = await documents.export();
    await assert.rejects(
      documents.apply(`disks:
  - {name: a, size: 2M}
  - {name: b, size: 2M}
  - {name: m, size: 2M}
  - {name: new, path: /d/new.img, size: 1M}`),
      { kind: "failed", message: "cannot extend b: it is full" },
    );
    assert.equal(await documents.export(), before);
    assert.deepEqual([...files.found].map(([path, { size }]) => [path, size]), [
      ["/d/a.img", MIB],
      ["/d/b.img", MIB],
    ]);
    assert.deepEqual((await control.listDisks()).map(({ size }) => size), [MIB, MIB, MIB]);
  }));

Deno.test("growTogether: nobody is larger before all have their space", async () => {
  const larger: string[] = [];
  const growth = (disk: string, prepare: () => Promise<void>) => ({
    disk,
    length: 1,
    async run({ ready }: { ready?: (() => Promise<void>) | undefined }) {
      await prepare();
      await ready!();
      larger.push(disk);
    },
  });
  const slow = Promise.withResolvers<void>();
  const done = growTogether(
    [growth("fast", () => Promise.resolve()), growth("slow", () => slow.promise)],
    {},
  );
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(larger, []);
  slow.resolve();
  await done;
  assert.deepEqual(larger.sort(), ["fast", "slow"]);
  // One that has to wait for nothing does not ask, and one that fails says what became of it.
  const failing = {
    disk: "x",
    length: 1,
    run: () => Promise.reject(new ControlError("failed", "no")),
  };
  const hasty = { disk: "hasty", length: 1, run: () => Promise.resolve() };
  await growTogether([hasty, hasty], {});
  await assert.rejects(
    growTogether([hasty, growth("other", () => Promise.resolve()), failing], {}),
    { message: "no; disk hasty is larger all the same" },
  );
});
