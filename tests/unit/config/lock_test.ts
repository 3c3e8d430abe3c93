import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { StateLock } from "../../../lib/config/lock.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("B-39: a second service on one state directory is refused, and told who holds it", () =>
  inDirectory(async (directory) => {
    const lock = await StateLock.take(directory, "service");
    for (const role of ["service", "command"] as const) {
      await assert.rejects(
        StateLock.take(directory, role),
        (error: unknown) =>
          error instanceof ControlError && error.kind === "in-use" &&
          error.message.includes(`a service (process ${Deno.pid})`) &&
          error.message.includes(directory),
      );
    }
    lock.release();
    (await StateLock.take(directory, "service")).release();
  }));

Deno.test("B-39: a command waits for another command to finish", () =>
  inDirectory(async (directory) => {
    const first = await StateLock.take(directory, "command");
    const order: string[] = [];
    const second = StateLock.take(directory, "command").then((lock) => {
      order.push("second");
      return lock;
    });
    await Promise.resolve();
    order.push("first ends");
    first.release();
    (await second).release();
    assert.deepEqual(order, ["first ends", "second"]);
  }));

Deno.test("B-39: a lock whose holder was killed is free at once", () =>
  inDirectory(async (directory) => {
    const source = new URL("../../../lib/config/lock.ts", import.meta.url).href;
    const program = `
      const { StateLock } = await import(${JSON.stringify(source)});
      await StateLock.take(${JSON.stringify(directory)}, "service");
      console.log("held");
      setInterval(() => {}, 1000);
    `;
    const holder = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-config", program],
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    await reader.read();
    await assert.rejects(StateLock.take(directory, "command"), /a service \(process/);
    holder.kill("SIGKILL");
    await holder.status;
    await reader.cancel();
    (await StateLock.take(directory, "command")).release();
  }));

Deno.test("B-17: the lock file is the user's alone", () =>
  inDirectory(async (directory) => {
    (await StateLock.take(`${directory}/state`, "command")).release();
    assert.equal((await Deno.stat(`${directory}/state/lock`)).mode! & 0o777, 0o600);
  }));
