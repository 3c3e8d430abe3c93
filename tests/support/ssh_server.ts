/** An OpenSSH server on loopback, and an `ssh` that knows it under the name `far`. */
import { programPath } from "../../scripts/peers.ts";
import { Lifeline } from "./lifeline.ts";
import { peer } from "./peer.ts";

/** Gives `use` a folder whose `ssh` reaches the server; to be the first in PATH. */
export async function withSshServer(
  directory: string,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const path = (name: string) => `${directory}/ssh-${name}`;
  for (const key of ["host", "user"]) {
    await peer("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key));
  }
  await Deno.copyFile(path("user.pub"), path("authorized"));
  await Deno.mkdir("/run/sshd", { recursive: true }); // sshd wants it, however it is started
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await Deno.writeTextFile(
    path("server"),
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${path("host")}\nPidFile none\n` +
      `AuthorizedKeysFile ${path("authorized")}\nStrictModes no\nUsePAM no\n` +
      `PasswordAuthentication no\nPermitRootLogin yes\n`,
  );
  await Deno.writeTextFile(
    path("client"),
    `Host far\nHostName 127.0.0.1\nPort ${port}\nIdentityFile ${path("user")}\n` +
      `IdentitiesOnly yes\nStrictHostKeyChecking accept-new\nBatchMode yes\n` +
      `UserKnownHostsFile ${path("known")}\nLogLevel ERROR\n`,
  );
  const folder = path("bin");
  await Deno.mkdir(folder);
  const wrapper = `#!/bin/sh\nexec ${programPath("ssh")} -F ${path("client")} "$@"\n`;
  await Deno.writeTextFile(`${folder}/ssh`, wrapper, { mode: 0o755 });
  const child = new Deno.Command(programPath("sshd")!, {
    args: ["-D", "-e", "-f", path("server")],
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const lifeline = new Lifeline(child.pid);
  const lines = child.stderr.pipeThrough(new TextDecoderStream());
  try {
    const reader = lines.getReader();
    for (let said = ""; !said.includes("Server listening");) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`sshd ended: ${said}`);
      said += value;
    }
    reader.releaseLock();
    await use(folder);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await lines.cancel();
    await lifeline.cut();
  }
}
