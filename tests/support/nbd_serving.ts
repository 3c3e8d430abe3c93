/** An NBD server on real sockets, in the test's own process, for clients that we did not write. */
import { join } from "node:path";
import type { BlockDevice } from "../../lib/block/device.ts";
import { Export } from "../../lib/nbd/server/export.ts";
import { NbdServer } from "../../lib/nbd/server/server.ts";
import { withScratch } from "./executable.ts";

export interface NbdServing {
  readonly server: NbdServer;
  readonly folder: string;
  /** The URI of an export through the Unix socket, and over TCP. */
  unix(name: string): string;
  tcp(name: string): string;
}

/** Serves the devices under their names; they stay the caller's. */
export async function servingNbd(
  devices: Readonly<Record<string, BlockDevice>>,
  use: (serving: NbdServing) => Promise<void>,
): Promise<void> {
  await withScratch(async (folder) => {
    const server = new NbdServer();
    for (const [name, device] of Object.entries(devices)) {
      server.exports.add(new Export({ name, device, readOnly: name.startsWith("ro") }));
    }
    const path = join(folder, "nbd.sock");
    server.listen({ transport: "unix", path });
    const { port } = server.listen({ transport: "tcp", hostname: "127.0.0.1", port: 0 }) as {
      port: number;
    };
    try {
      await use({
        server,
        folder,
        unix: (name) => `nbd+unix:///${name}?socket=${path}`,
        tcp: (name) => `nbd://127.0.0.1:${port}/${name}`,
      });
    } finally {
      await server.close({ drainMs: 1000 });
    }
  });
}
