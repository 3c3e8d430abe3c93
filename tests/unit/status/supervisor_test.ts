import assert from "node:assert/strict";
import { tellSupervisor } from "../../../lib/status/supervisor.ts";

/** A receiver of datagrams, which Deno has not: prints what comes, one line each. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", flush=True)
for _ in range(2): print(receiver.recv(4096).decode(), flush=True)
`;

function pythonMissing(): boolean {
  try {
    return !new Deno.Command("python3", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** The next line, which may come in pieces. */
async function line(chunks: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = "";
  while (!text.endsWith("\n")) {
    const { done, value } = await chunks.read();
    if (done) break;
    text += value;
  }
  return text;
}

async function stopped(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    // It has ended already, as it should.
    if (!(error instanceof TypeError)) throw error;
  }
  await process.status;
}

Deno.test("tellSupervisor tells nobody where no supervisor can be reached", () => {
  const sockets = [
    undefined,
    "",
    "relative",
    "vsock:2:1",
    "/nowhere/notify",
    `/${"d".repeat(200)}`,
  ];
  for (const socket of sockets) assert.equal(tellSupervisor("READY=1", socket ?? ""), false);
});

Deno.test({
  name: "tellSupervisor sends its state as a datagram, to a path or an abstract name",
  ignore: Deno.build.os !== "linux" || pythonMissing(),
  async fn() {
    const directory = await Deno.makeTempDir();
    for (const socket of [`${directory}/notify`, `@sanctl-${crypto.randomUUID()}`]) {
      const args = ["-c", RECEIVER, socket];
      const receiver = new Deno.Command("python3", { args, stdout: "piped" }).spawn();
      const chunks = receiver.stdout.pipeThrough(new TextDecoderStream()).getReader();
      try {
        assert.equal(await line(chunks), "bound\n");
        assert.equal(tellSupervisor("READY=1", socket), true);
        assert.equal(await line(chunks), "READY=1\n");
        assert.equal(tellSupervisor("STOPPING=1", socket), true);
        assert.equal(await line(chunks), "STOPPING=1\n");
        assert.equal((await receiver.status).success, true);
      } finally {
        await chunks.cancel();
        await stopped(receiver);
      }
    }
    await Deno.remove(directory, { recursive: true });
  },
});
