import assert from "node:assert/strict";
import { openControl } from "../../../lib/config/connect.ts";
import { ControlError } from "../../../lib/config/control.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { type RunningService, runService } from "../../../lib/status/run_service.ts";
import type { PipeEnd } from "../../support/byte_pipe.ts";
import { TestClock } from "../../support/test_clock.ts";
import { TestInitiator } from "../../support/test_initiator.ts";

const SIZE = 1 << 20;
const LOOPBACK = { address: "127.0.0.1", port: 0 };

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function start(stateDirectory: string): Promise<RunningService> {
  return runService({ stateDirectory, portals: [LOOPBACK], http: LOOPBACK, logger: silentLogger });
}

function isRefusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  };
}

/** Writes `text` to the service's Unix socket and answers one whole answer. */
async function exchange(directory: string, text: string): Promise<string> {
  const path = `${directory}/control.sock`;
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(new TextEncoder().encode(text));
  const chunk = new Uint8Array(4096);
  let answer = "";
  for (;;) {
    const length = await connection.read(chunk);
    if (length === null) return answer;
    answer += new TextDecoder().decode(chunk.subarray(0, length));
    const [head, body] = answer.split("\r\n\r\n");
    const expected = /content-length: (\d+)/i.exec(head!)?.[1];
    if (body !== undefined && body.length >= Number(expected)) return answer;
  }
}

Deno.test("openControl works offline, then through the service, then offline again", () =>
  inDirectory(async (directory) => {
    const offline = await openControl({ stateDir: directory });
    await offline.createTarget({ name: "mail", allow: ["any"] });
    await offline.createDisk({ path: `${directory}/a.vhd`, size: SIZE, target: "mail" });
    assert.equal((await offline.status()).running, false);
    await offline.close();

    const service = await start(directory);
    const online = await openControl({ stateDir: directory });
    const status = await online.status();
    assert.deepEqual([status.running, status.pid, status.disks], [true, Deno.pid, 1]);
    assert.deepEqual(status.portals, service.portals);
    assert.deepEqual(status.http, service.http);
    const { facts } = await online.createDisk({ path: `${directory}/b.img`, size: SIZE });
    assert.equal(facts.state, "ready");
    await assert.rejects(online.showTarget("nix"), isRefusal("not-found", /no target/));
    await online.close();
    await service.stop({ drainMs: 0 });

    const again = await openControl({ stateDir: directory });
    assert.deepEqual((await again.listDisks()).map(({ name }) => name), ["a", "b"]);
    await again.removeDisk("b", { deleteFile: true });
    await assert.rejects(Deno.stat(`${directory}/b.img`), Deno.errors.NotFound);
    await again.close();
  }));

Deno.test("B-17: the control socket is the user's alone, whatever the umask", () =>
  inDirectory(async (directory) => {
    const umask = Deno.umask(0);
    const service = await start(directory);
    assert.equal(Deno.umask(umask), 0, "the umask is as it was");
    assert.equal((await Deno.stat(`${directory}/control.sock`)).mode! & 0o777, 0o600);
    await service.stop({ drainMs: 0 });
    await assert.rejects(Deno.stat(`${directory}/control.sock`), Deno.errors.NotFound);
  }));

Deno.test("A socket that a dead service left behind is in nobody's way", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/control.sock`;
    const program = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} }); ` +
      `Deno.kill(Deno.pid, "SIGKILL")`;
    await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", program] }).output();
    assert.equal((await Deno.stat(path)).isSocket, true);
    const control = await openControl({ stateDir: directory });
    assert.equal((await control.status()).running, false);
    const service = await start(directory);
    assert.equal((await (await openControl({ stateDir: directory })).status()).running, true);
    await service.stop({ drainMs: 0 });
  }));

Deno.test("B-39: a second service on one state directory is refused and disturbs nothing", () =>
  inDirectory(async (directory) => {
    const service = await start(directory);
    await assert.rejects(start(directory), isRefusal("in-use", /a service \(process \d+\)/));
    const control = await openControl({ stateDir: directory });
    assert.equal((await control.status()).running, true);
    await service.stop({ drainMs: 0 });
  }));

Deno.test("runService that cannot listen says where and leaves nothing behind", () =>
  inDirectory(async (directory) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const portal = { address: "127.0.0.1", port: taken.addr.port };
    const options = { stateDirectory: directory, logger: silentLogger };
    const where = new RegExp(`127\\.0\\.0\\.1:${portal.port}: it is in use.*`);
    const busyPortal = runService({ ...options, portals: [LOOPBACK, portal] });
    await assert.rejects(busyPortal, isRefusal("in-use", new RegExp(`${where.source}--portal`)));
    const busyHttp = runService({ ...options, portals: [LOOPBACK], http: portal });
    await assert.rejects(busyHttp, isRefusal("in-use", new RegExp(`${where.source}--http`)));
    const foreign = { address: "192.0.2.77", port: 0 };
    const noSuchAddress = runService({ ...options, portals: [foreign] });
    await assert.rejects(noSuchAddress, isRefusal("failed", /192\.0\.2\.77.*of this machine/));
    const service = await start(directory);
    await service.stop({ drainMs: 0 });
  }));

Deno.test("openControl --server says who cannot be reached, and refuses what is no address", () =>
  inDirectory(async (directory) => {
    const absent = { server: `unix:${directory}/none.sock` };
    await assert.rejects(openControl(absent), isRefusal("unreachable", /no service listens/));
    for (
      const server of ["", "host", "unix:relative", "ftp://host", "http://host/path", "http://"]
    ) {
      await assert.rejects(openControl({ server }), isRefusal("usage", /unix:\/PATH/), server);
    }
    const service = await start(directory);
    const near = await openControl({ server: `unix:${directory}/control.sock` });
    assert.equal((await near.status()).running, true);
    const { address, port } = service.http!;
    const shown = await openControl({ server: `http://${address}:${port}` });
    assert.equal((await shown.status()).running, true);
    const change = shown.createTarget({ name: "mail" });
    await assert.rejects(change, isRefusal("permission", /does not change it/));
    await service.stop({ drainMs: 0 });
    await assert.rejects(shown.status(), isRefusal("unreachable", new RegExp(`:${port}`)));
  }));

Deno.test("B-54: a request of two lengths, or a longer one than allowed, is cut off", () =>
  inDirectory(async (directory) => {
    const service = await start(directory);
    const head = "POST /api/targets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
      "Content-Type: application/json\r\n";
    const both = `${head}Content-Length: 14\r\nTransfer-Encoding: chunked\r\n\r\n`;
    assert.match(
      await exchange(directory, `${both}e\r\n{"name":"mail"}\r\n0\r\n\r\n`),
      /^HTTP\/1.1 400/,
    );
    const claimed = `${head}Content-Length: 1073741824\r\n\r\n{`;
    assert.match(await exchange(directory, claimed), /^HTTP\/1.1 400 .*more than 1048576/s);
    const foreign = "GET /api/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert.match(await exchange(directory, foreign), /^HTTP\/1.1 421/);
    const absolute = "GET http://evil.example/api/status HTTP/1.1\r\nHost: localhost\r\n" +
      "Connection: close\r\n\r\n";
    assert.match(await exchange(directory, absolute), /^HTTP\/1.1 421/);
    const control = await openControl({ stateDir: directory });
    assert.deepEqual(await control.listTargets(), []);
    await service.stop({ drainMs: 0 });
  }));

Deno.test("A state directory whose path is too long for a socket is refused by name", () =>
  inDirectory(async (directory) => {
    const deep = `${directory}/${"d".repeat(100)}`;
    await assert.rejects(start(deep), isRefusal("usage", /too long.*--state-dir/));
  }));

Deno.test("A150: initiators are given time to log out; asked again, it ends at once", () =>
  inDirectory(async (directory) => {
    const clock = new TestClock();
    const logger = silentLogger;
    const service = await runService({
      stateDirectory: directory,
      portals: [LOOPBACK],
      logger,
      clock,
    });
    await service.control.createTarget({ name: "mail", allow: ["any"] });
    await service.control.createDisk({ path: `${directory}/a.vhd`, size: SIZE, target: "mail" });
    const { address, port } = service.portals[0]!;
    using connection = await Deno.connect({ hostname: address, port });
    const initiator = new TestInitiator(connection as unknown as PipeEnd);
    const { iqn } = await service.control.showTarget("mail");
    const { status } = await initiator.login({
      InitiatorName: "iqn.2026-01.com.example:ada",
      TargetName: iqn,
    });
    assert.equal(status, 0);

    const stopped = service.stop({ drainMs: 60_000 });
    const asked = await initiator.receive();
    assert.equal(asked!.opcode, Opcode.ASYNC_MESSAGE);
    // The clock stands still: only being asked again can end it.
    assert.equal((await service.control.status()).sessions, 1);
    await service.stop({ drainMs: 0 });
    await stopped;
    assert.equal(await initiator.receive(), null);
    const offline = await openControl({ stateDir: directory });
    assert.equal((await offline.status()).running, false);
    await offline.unassignDisk("a");
  }));
