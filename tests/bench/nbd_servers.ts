/** NBD servers on a Unix socket, each a process of its own serving an image of the same octets. */
import { firstLine, run, type Server, untilItAnswers } from "./servers.ts";

/** sanctl from source, with a fixed VHD that takes the image, attached by its URL. */
export async function startSanctlNbd(directory: string, image: string): Promise<Server> {
  const env = { SANCTL_STATE_DIR: `${directory}/nbd-state` };
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const sanctl = (...args: string[]) => run(Deno.execPath(), ["run", "-A", main, ...args], env);
  const path = `${directory}/nbd.vhd`;
  const { size } = await Deno.stat(image);
  await sanctl("disk", "create", path, "--size", `${size >> 20}M`, "--name", "bench");
  const serve = ["target", "serve", "--portal", "127.0.0.1:0", "--http", "off"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, ...serve],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await firstLine(child.stdout);
  await sanctl("disk", "attach", "bench", "--way", "url");
  const { attached } = JSON.parse(await sanctl("disk", "show", "bench", "--json"));
  return { name: "sanctl", pid: child.pid, url: attached.url, path, stop: () => end(child) };
}

/** nbdkit, with its plugin for files. */
export function startNbdkit(directory: string, image: string): Promise<Server> {
  return start("nbdkit", directory, image, (socket, path) => [
    ...["--foreground", "--unix", socket, "file", path],
  ]);
}

export function startQemuNbd(directory: string, image: string): Promise<Server> {
  return start("qemu-nbd", directory, image, (socket, path) => [
    ...["--socket", socket, "--persistent", "--format", "raw", "--shared", "8", path],
  ]);
}

async function start(
  name: string,
  directory: string,
  image: string,
  args: (socket: string, path: string) => string[],
): Promise<Server> {
  const path = `${directory}/${name}.img`;
  const socket = `${directory}/${name}.sock`;
  await run("cp", [image, path]);
  const child = new Deno.Command(name, {
    args: args(socket, path),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `nbd+unix:///?socket=${socket}`;
  await untilItAnswers(async () => void await run("nbdinfo", ["--size", url]));
  return { name, pid: child.pid, url, path, stop: () => end(child) };
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
}
