/** mod.ts as another program uses it. */
import assert from "node:assert/strict";
import {
  AccessList,
  DEFAULT_LIMITS,
  LogicalUnit,
  LunMap,
  MemoryDevice,
  silentLogger,
  systemClock,
  systemRandom,
  Target,
  TargetNode,
  TargetServer,
} from "../../mod.ts";
import { requires } from "../support/requires.ts";

Deno.test({
  name: "mod.ts: a program serves a device of its own to a real initiator",
  ...requires("qemu-io", "qemu block-iscsi"),
  async fn() {
    const device = new MemoryDevice(8 << 20);
    const uuid = systemRandom.fill(new Uint8Array(16));
    const identity = { uuid, vendor: "EXAMPLE", product: "DISK", revision: "1" };
    const luns = new LunMap();
    luns.set(0, { unit: new LogicalUnit({ device, identity }), readOnly: false });
    const node = new TargetNode({
      limits: DEFAULT_LIMITS,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    const name = "iqn.2000-01.example:disk";
    node.addTarget(new Target({ name, access: AccessList.of(["any"]), luns }));
    const server = new TargetServer(node);
    const { port } = server.listen({ hostname: "127.0.0.1", port: 0 });
    try {
      const url = `iscsi://127.0.0.1:${port}/${name}/0`;
      const args = ["-f", "raw", "-c", "write -P 0x77 4096 4096", url];
      const { success, stderr } = await new Deno.Command("qemu-io", { args }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    } finally {
      await server.close({ drainMs: 0 });
    }
    const octets = new Uint8Array(4096);
    await device.read(4096, octets, 0, octets.length);
    assert.ok(octets.every((octet) => octet === 0x77));
  },
});
