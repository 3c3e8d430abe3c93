/**
 * Targets of others with one disk, for our initiator to log in to: each a process of its own on a
 * free port of loopback, which ends with the test.
 */
import { Lifeline } from "./lifeline.ts";
import { peer } from "./peer.ts";
import { programPath } from "../../scripts/peers.ts";
import { Sanctl } from "./sanctl.ts";
import { Serving } from "./serving.ts";

/** Whoever has to prove something by CHAP. */
export interface ChapAccount {
  readonly user: string;
  readonly secret: string;
}

export interface ForeignTargetOptions {
  /** What the disk holds. */
  readonly image: string;
  /** For what is kept on disk. */
  readonly directory: string;
  /** Who may log in; anybody without. */
  readonly chap?: ChapAccount;
  /** As whom the target proves itself. */
  readonly mutual?: ChapAccount;
  /** The name server that it registers with; tgtd alone can. */
  readonly isns?: { readonly host: string; readonly port: number };
}

export interface ForeignTarget {
  readonly port: number;
  readonly name: string;
  readonly lun: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export type StartForeignTarget = (options: ForeignTargetOptions) => Promise<ForeignTarget>;

/** tgtd, whose LUN 0 is a controller. */
export async function startTgtd(options: ForeignTargetOptions): Promise<ForeignTarget> {
  const name = "iqn.2026-01.org.example:tgtd";
  const port = freePort();
  const control = String(port % 32_768);
  const args = ["-f", "-C", control, "--iscsi", `portal=127.0.0.1:${port}`];
  const server = start("tgtd", args, port, { name, lun: 1 });
  const tgtadm = (...words: string[]) => peer("tgtadm", "-C", control, "--lld", "iscsi", ...words);
  const target = ["--tid", "1"];
  await untilItAnswers(() => tgtadm("--op", "show", "--mode", "sys"));
  await tgtadm("--op", "new", "--mode", "target", ...target, "-T", name);
  const unit = ["--lun", "1", "-b", options.image];
  await tgtadm("--op", "new", "--mode", "logicalunit", ...target, ...unit);
  await tgtadm("--op", "bind", "--mode", "target", ...target, "-I", "ALL");
  for (const key of ["HeaderDigest", "DataDigest"]) {
    const value = ["--name", key, "--value", "None,CRC32C"];
    await tgtadm("--op", "update", "--mode", "target", ...target, ...value);
  }
  if (options.isns !== undefined) {
    const { host, port } = options.isns;
    const settings = { iSNSServerIP: host, iSNSServerPort: `${port}`, iSNSAccessControl: "Off" };
    for (const [name, value] of Object.entries({ ...settings, iSNS: "On" })) {
      await tgtadm("--op", "update", "--mode", "sys", "--name", name, "--value", value);
    }
  }
  for (const [account, extra] of [[options.chap, []], [options.mutual, ["--outgoing"]]] as const) {
    if (account === undefined) continue;
    const user = ["--user", account.user];
    await tgtadm("--op", "new", "--mode", "account", ...user, "--password", account.secret);
    await tgtadm("--op", "bind", "--mode", "account", ...target, ...user, ...extra);
  }
  return server;
}

/** From now on tgtd sends whoever comes from another address to another port of this one. */
export async function redirectTgtd(
  { port }: ForeignTarget,
  to: number,
  reason: "Temporary" | "Permanent",
): Promise<void> {
  const values = { RedirectAddress: "127.0.0.1", RedirectPort: to, RedirectReason: reason };
  for (const [name, value] of Object.entries(values)) {
    const words = ["--lld", "iscsi", "--op", "update", "--mode", "target", "--tid", "1"];
    const control = ["-C", String(port % 32_768)];
    await peer("tgtadm", ...control, ...words, "--name", name, "--value", String(value));
  }
}

/** istgt, which takes its settings from files. */
export async function startIstgt(options: ForeignTargetOptions): Promise<ForeignTarget> {
  const { directory, image, chap, mutual } = options;
  const base = "iqn.2026-01.org.example";
  const port = freePort();
  const size = (await Deno.stat(image)).size;
  const secrets = [chap, mutual].filter((account) => account !== undefined)
    .map(({ user, secret }) => `"${user}" "${secret}"`).join(" ");
  await Deno.writeTextFile(
    `${directory}/auth.conf`,
    `[AuthGroup1]\n  Auth ${secrets}\n`,
    { mode: 0o600 },
  );
  const method = chap === undefined ? "None" : mutual === undefined ? "CHAP" : "CHAP Mutual";
  await Deno.writeTextFile(
    `${directory}/istgt.conf`,
    istgtConf({ ...{ directory, base, port }, method, image, size }),
  );
  const args = ["-D", "-c", `${directory}/istgt.conf`];
  const server = start("istgt", args, port, { name: `${base}:istgt`, lun: 0 });
  await untilItAnswers(async () => {
    const stream = await Deno.connect({ hostname: "127.0.0.1", port });
    stream.close();
  });
  return server;
}

interface IstgtSettings {
  readonly directory: string;
  readonly base: string;
  readonly port: number;
  readonly method: string;
  readonly image: string;
  readonly size: number;
}

function istgtConf({ directory, base, port, method, image, size }: IstgtSettings): string {
  return `[Global]
  NodeBase "${base}"
  PidFile ${directory}/istgt.pid
  AuthFile ${directory}/auth.conf
  MediaDirectory ${directory}
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod Auto
  MaxSessions 64
  MaxConnections 4
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
  AuthGroup None
  Portal UC1 127.0.0.1:${freePort()}
  Netmask 127.0.0.1
[PortalGroup1]
  Portal DA1 127.0.0.1:${port}
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.1
[LogicalUnit1]
  TargetName istgt
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod ${method}
  AuthGroup AuthGroup1
  UseDigest Auto
  UnitType Disk
  QueueDepth 32
  LUN0 Storage ${image} ${size / 1048576}MB
`;
}

function start(
  program: string,
  args: readonly string[],
  port: number,
  { name, lun }: { readonly name: string; readonly lun: number },
): ForeignTarget {
  const child = new Deno.Command(programPath(program) ?? program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const lifeline = new Lifeline(child.pid);
  const ended = child.status.then(() => lifeline.cut());
  return {
    port,
    name,
    lun,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Asks until there is an answer; a server needs a moment to come up, and nothing tells when. */
async function untilItAnswers(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((then) => setTimeout(then, 50));
    }
  }
}

/** sanctl, as an operator sets it up. */
export async function startSanctl(options: ForeignTargetOptions): Promise<ForeignTarget> {
  const { directory, image, chap, mutual } = options;
  const name = "iqn.2026-01.org.example:sanctl";
  const sanctl = new Sanctl(directory);
  await sanctl.ok(`target create t --iqn ${name} --allow any`);
  await sanctl.ok(`disk import ${image} --name d`);
  await sanctl.ok("disk assign d t");
  for (const [account, command] of [[chap, "chap"], [mutual, "reverse-chap"]] as const) {
    if (account === undefined) continue;
    const file = `${directory}/secret`;
    await Deno.writeTextFile(file, account.secret, { mode: 0o600 });
    await sanctl.ok(`target ${command} t --user ${account.user} --secret-file ${file}`);
    await Deno.remove(file);
  }
  const serving = await Serving.start(sanctl);
  const port = Number(serving.portal.slice(serving.portal.lastIndexOf(":") + 1));
  return { port, name, lun: 0, pid: serving.pid, stop: async () => void await serving.end() };
}
