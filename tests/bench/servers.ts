/** The targets that are compared, each a process of its own serving an image of the same octets. */

/** A target that runs, and what it costs. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  /** The LUN under test. */
  readonly url: string;
  /** The file behind it. */
  readonly path: string;
  stop(): Promise<void>;
}

const TARGET = "iqn.2026-01.org.example:bench";

/** sanctl from source, serving a fixed VHD that takes the image. */
export async function startSanctl(directory: string, image: string): Promise<Server> {
  const state = `${directory}/state`;
  const env = { SANCTL_STATE_DIR: state };
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  async function sanctl(...args: string[]): Promise<void> {
    await run(Deno.execPath(), ["run", "-A", main, ...args], env);
  }
  await sanctl("target", "create", "bench", "--iqn", TARGET, "--allow", "any");
  const { size } = await Deno.stat(image);
  const vhd = `${directory}/bench.vhd`;
  await sanctl("disk", "create", vhd, "--size", `${size >> 20}M`, "--target", "bench");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, "target", "serve", "--portal", "127.0.0.1:0", "--http", "off"],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const ready = await firstLine(child.stdout);
  const portal = /portal=(\S+)/.exec(ready)?.[1];
  if (portal === undefined) throw new Error(`sanctl did not get ready: ${ready}`);
  return {
    name: "sanctl",
    pid: child.pid,
    url: `iscsi://${portal}/${TARGET}/0`,
    path: vhd,
    stop: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** tgtd, the C target that most userland setups use. */
export async function startTgtd(directory: string, image: string): Promise<Server> {
  const port = freePort();
  const control = String(port % 32_768);
  const copy = `${directory}/bench.img`;
  await run("cp", [image, copy]);
  const child = new Deno.Command("tgtd", {
    args: ["-f", "-C", control, "--iscsi", `portal=127.0.0.1:${port}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  async function tgtadm(...args: string[]): Promise<void> {
    await run("tgtadm", ["-C", control, "--lld", "iscsi", ...args]);
  }
  await untilItAnswers(() => tgtadm("--op", "show", "--mode", "sys"));
  await tgtadm("--op", "new", "--mode", "target", "--tid", "1", "-T", TARGET);
  await tgtadm("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", copy);
  await tgtadm("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL");
  for (const key of ["HeaderDigest", "DataDigest"]) {
    const value = ["--name", key, "--value", "None,CRC32C"];
    await tgtadm("--op", "update", "--mode", "target", "--tid", "1", ...value);
  }
  return {
    name: "tgtd",
    pid: child.pid,
    url: `iscsi://127.0.0.1:${port}/${TARGET}/1`,
    path: copy,
    stop: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** How large the pieces are in which the page cache holds the image. */
export type Folios = "small" | "large";

const PIECES: Readonly<Record<Folios, string>> = { small: "4k", large: "1M" };

/**
 * Fills the file with the image, in pieces as the page cache is to hold it. What it keeps in one
 * piece it hands out in one, but ext4 (Linux 6.16 and later) looks at every block of a large folio
 * for each small write: 15 to 25 µs that hide what the servers themselves cost.
 */
export async function layOut({ path }: Server, image: string, folios: Folios): Promise<void> {
  // Folios that are there already would stay as they are.
  await run("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
  const pieces = `bs=${PIECES[folios]}`;
  await run("dd", [`if=${image}`, `of=${path}`, pieces, "conv=notrunc,fsync", "status=none"]);
}

/** User and system time of a process so far, in microseconds. */
export async function cpuMicroseconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // Behind the name in brackets: utime is field 14, stime 15, in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Resident memory of a process, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Runs a program to its end; what it says becomes the error if it fails. */
export async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], env, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${text}`);
  return text;
}

export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

export async function untilItAnswers(ask: () => Promise<void>): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((then) => setTimeout(then, 100));
    }
  }
}
