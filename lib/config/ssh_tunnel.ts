/**
 * The socket of another machine's service, brought here by ssh(1): whom that machine lets in, and
 * that nobody listens in, is what ssh sees to.
 */
import { ControlError } from "./control_error.ts";
import { socketFile } from "./state_directory.ts";

export interface SshPlace {
  /** `[USER@]HOST`, as ssh takes it. */
  readonly destination: string;
  readonly port: string | undefined;
  /** Of the service, on the other machine. */
  readonly socket: string;
}

export interface SshTunnel {
  /** Of this machine: whoever connects to it reaches the service. */
  readonly socket: string;
  close(): Promise<void>;
}

export const SSH_FORM = "ssh://[USER@]HOST[:PORT][/PATH/control.sock]";

/** Where the service of root has it. */
const DEFAULT_SOCKET = socketFile("/var/lib/sanctl");
/** Neither may look like an option of ssh's. */
const FORM =
  /^ssh:\/\/((?:[A-Za-z0-9_][^@/:\s]*@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]))(?::([0-9]{1,5}))?(\/[^:\s]*)?$/;
const LOOK_MS = 20;
/** Nothing is carried but this, and what is carried is this user's alone. */
const OPTIONS = [
  ...["-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindMask=0177"],
  ...["-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ConnectTimeout=15"],
  ...["-o", "ServerAliveInterval=15"],
];

/** Undefined where it is none. */
export function parseSshPlace(server: string): SshPlace | undefined {
  const match = FORM.exec(server);
  if (match === null) return undefined;
  const [, destination, port, path] = match;
  return {
    destination: destination!.replace(/[[\]]/g, ""),
    port,
    socket: path === undefined || path === "/" ? DEFAULT_SOCKET : path,
  };
}

/** Starts ssh; resolves when it is connected. It may ask on the terminal for what it needs. */
export async function openSshTunnel(
  { destination, port, socket }: SshPlace,
  program = "ssh",
): Promise<SshTunnel> {
  const directory = await Deno.makeTempDir({ prefix: "sanctl-ssh-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  const local = `${directory}/control.sock`;
  const where = port === undefined ? [] : ["-p", port];
  let child: Deno.ChildProcess;
  try {
    child = start(program, [...OPTIONS, ...where, "-L", `${local}:${socket}`, destination]);
  } catch (error) {
    await remove();
    throw error;
  }
  const said = new Response(child.stderr).text();
  let hasEnded = false;
  const ended = child.status.then(() => hasEnded = true);
  const close = async (): Promise<void> => {
    if (!hasEnded) child.kill("SIGTERM");
    await ended;
    await said;
    await remove();
  };
  while (!hasEnded && !await exists(local)) await new Promise((then) => setTimeout(then, LOOK_MS));
  if (!hasEnded) return { socket: local, close };
  await close();
  throw failure(destination, await said);
}

function start(program: string, args: string[]): Deno.ChildProcess {
  try {
    return new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" })
      .spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    const next = "install an OpenSSH client";
    throw new ControlError("failed", "there is no ssh on this machine", next, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}

/** What ssh said last is why. */
function failure(destination: string, said: string): ControlError {
  const reason = said.trim().split("\n").at(-1)!.trim() || "it ended";
  const kind = /permission denied|host key verification/i.test(reason)
    ? "permission"
    : "unreachable";
  const message = `cannot reach ${destination} by ssh: ${reason.slice(0, 200)}`;
  return new ControlError(kind, message, `see that this works by itself: ssh ${destination}`);
}
