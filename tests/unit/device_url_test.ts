import assert from "node:assert/strict";
import { join } from "node:path";
import { DEVICE_URL_FORMS, DeviceUrlError, openDevice } from "../../lib/device_url.ts";
import { MemoryDevice } from "../../lib/block/memory.ts";
import { createFixedVhd } from "../../lib/vhd/create.ts";
import { withScratch } from "../support/executable.ts";
import { servingNbd } from "../support/nbd_serving.ts";
import { TARGET_NAME, TestTarget } from "../support/test_target.ts";

Deno.test("openDevice: file: takes a path as it stands, or after slashes a URL's", async () => {
  await withScratch(async (folder) => {
    const path = join(folder, "a %41 b.img");
    await Deno.writeFile(path, new Uint8Array(1024));
    for (const url of [`file:${path}`, `FILE:${path}`, `file://${encodeURI(path)}`]) {
      const { device, uuid } = await openDevice(url);
      assert.equal(device.size, 1024);
      assert.deepEqual(device.can, { write: true, unmap: false });
      assert.equal(uuid, undefined);
      await device.close();
    }
    const { device } = await openDevice(`file:${path}`, { readOnly: true });
    assert.equal(device.can.write, false);
    await device.close();
  });
});

Deno.test("openDevice: vhd: answers the disk and its identity", async () => {
  await withScratch(async (folder) => {
    const path = join(folder, "disk.vhd");
    const footer = await createFixedVhd(path, { size: 4096, sparse: true });
    const { device, uuid } = await openDevice(`vhd:${path}`, { sparse: true });
    assert.equal(device.size, 4096);
    assert.equal(device.can.unmap, true);
    assert.deepEqual(uuid, footer.uniqueId);
    await device.close();
    await assert.rejects(openDevice(`vhd:${path}.not`), { name: "FileError", kind: "not-found" });
    await Deno.writeFile(path, new Uint8Array(4096));
    await assert.rejects(openDevice(`vhd:${path}`), { name: "FormatError" });
  });
});

Deno.test("openDevice: mem: is a thin disk of the size asked for", async () => {
  const { device, uuid } = await openDevice("mem:scratch", { size: 1 << 30 });
  assert.equal(device.size, 1 << 30);
  assert.deepEqual(device.can, { write: true, unmap: true });
  assert.equal(uuid, undefined);
  const readOnly = await openDevice("mem:scratch", { size: 512, readOnly: true });
  assert.equal(readOnly.device.can.write, false);
});

Deno.test("openDevice: nbd: is an export, reached over TCP or a Unix socket", async () => {
  const memory = new MemoryDevice(1 << 20);
  await servingNbd({ "a disk": memory }, async ({ unix, tcp }) => {
    for (const url of [unix("a%20disk"), tcp("a%20disk")]) {
      const { device, uuid } = await openDevice(url);
      assert.equal(device.size, 1 << 20);
      assert.deepEqual(device.can, { write: true, unmap: true });
      assert.equal(uuid, undefined);
      await device.close();
      const readOnly = await openDevice(url, { readOnly: true });
      assert.equal(readOnly.device.can.write, false);
      await readOnly.device.close();
    }
    await assert.rejects(openDevice(unix("none")), { name: "NbdOpenError", kind: "not-found" });
  });
  const nobody = openDevice("nbd+unix:///x?socket=/nowhere");
  await assert.rejects(nobody, { name: "NbdOpenError", kind: "unreachable" });
});

const WRONG: readonly [string, RegExp][] = [
  ["nbd://", /no URL|does not say where an export is/],
  ["nbd+unix:///x", /does not say where an export is/],
  ["", /one of file:PATH, vhd:PATH, mem:NAME/],
  ["/srv/disk.img", /one of file:PATH/],
  ["C:\\disk.vhd", /one of file:PATH/],
  ["ftp:x", /one of file:PATH/],
  ["__proto__:x", /one of file:PATH/],
  ["file:", /names no file/],
  ["vhd:", /names no file/],
  ["vhd://server/disk.vhd", /names a host/],
  ["file:///%zz", /escapes nothing/],
  ["file:///a%00b", /NUL/],
  ["file:a\0b", /NUL/],
  ["mem:", /a name is/],
  ["mem:../x", /a name is/],
  ["mem:" + "x".repeat(65), /a name is/],
];

for (const [url, message] of WRONG) {
  Deno.test(`openDevice: ${JSON.stringify(url)} is refused with what is wrong`, async () => {
    await assert.rejects(openDevice(url, { size: 512 }), (error) => {
      assert.ok(error instanceof DeviceUrlError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("openDevice: mem: without a right size is refused", async () => {
  for (const size of [undefined, 0, -512, 513, NaN, 2 ** 60]) {
    const options = size === undefined ? {} : { size };
    await assert.rejects(openDevice("mem:x", options), DeviceUrlError);
  }
  assert.equal(DEVICE_URL_FORMS.length, 6);
});

Deno.test("openDevice: iscsi: is a LUN of a target, over a session of its own", async () => {
  const target = new TestTarget({ size: 1 << 20 });
  const { port } = target.server.listen({ hostname: "127.0.0.1", port: 0 });
  // A target's sockets keep no process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const url = `iscsi://127.0.0.1:${port}/${TARGET_NAME}/0`;
    const { device } = await openDevice(url, { initiatorName: "iqn.2026-01.org.example:url" });
    assert.equal(device.size, 1 << 20);
    const [session] = target.node.sessions.values();
    assert.equal(session!.initiatorName, "iqn.2026-01.org.example:url");
    await device.close();
    assert.equal([...target.node.sessions.values()].length, 0);
    const reading = await openDevice(url, { readOnly: true });
    assert.equal(reading.device.can.write, false);
    await reading.device.close();
    await assert.rejects(openDevice(url.replace(/0$/, "7")), {
      name: "UnitError",
      kind: "not-found",
    });
    const other = url.replace(TARGET_NAME, "iqn.2026-01.org.example:other");
    await assert.rejects(openDevice(other), { name: "LoginRefused", kind: "not-found" });
  } finally {
    await target.close();
    clearInterval(alive);
  }
  const url = `iscsi://127.0.0.1:${port}/${TARGET_NAME}/0`;
  await assert.rejects(openDevice(url), { name: "Unreachable", kind: "unreachable" });
});

Deno.test("openDevice: iscsi: a wrong URL is refused, and its secret not repeated", async () => {
  for (const rest of ["//host", "//u%s3cret@host/not-a-name/0", "//u@host/iqn.2026-01.org:x/0"]) {
    await assert.rejects(openDevice(`iscsi:${rest}`), (error: Error) => {
      assert.ok(error instanceof DeviceUrlError);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  }
});
