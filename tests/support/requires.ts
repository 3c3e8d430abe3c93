/**
 * Says what a test needs from the machine; a test that lacks it is skipped, and the runner told
 * why.
 */
import { isInstalled, type Peer, type PeerName, PEERS } from "../../scripts/peers.ts";
import { kernelMissing } from "./linux_image.ts";

/** What is needed besides programs: undefined where it is there, else why not. */
const CONDITIONS = {
  /** Root, which namespaces, devices and ownership take. */
  "root": () => Deno.uid() === 0 ? undefined : "needs root",
  /** Linux with its own network namespaces allowed: other hosts on one machine. */
  "network namespaces": namespacesMissing,
  /** File systems in files can be mounted. */
  "loop devices": () => Deno.uid() !== 0 ? "loop devices need root" : loopMissing(),
  /** The kernel of the Linux guest, which is fetched where it is used first. */
  "linux kernel": kernelMissing,
  /** `deno task compile` has made the executable. */
  "dist/sanctl": () => exists(EXECUTABLE) ? undefined : "dist/sanctl is not built",
} as const satisfies Record<string, () => string | undefined>;

export type Requirement = PeerName | keyof typeof CONDITIONS;

/** The executable that end-to-end tests run. */
export const EXECUTABLE: string = new URL("../../dist/sanctl", import.meta.url).pathname;

/** Spread into a test's definition: `Deno.test({ ...requires("qemu-img"), name, fn })`. */
export function requires(...requirements: readonly Requirement[]): { ignore: boolean } {
  const reasons = requirements.map(missing).filter((reason) => reason !== undefined);
  for (const reason of reasons) tell(reason);
  return { ignore: reasons.length > 0 };
}

function missing(requirement: Requirement): string | undefined {
  if (requirement in CONDITIONS) return CONDITIONS[requirement as keyof typeof CONDITIONS]();
  const peer: Peer = PEERS.find(({ name }) => name === requirement)!;
  if (isInstalled(peer)) return undefined;
  return `${peer.name} is not installed (Debian: ${peer.package})`;
}

function namespacesMissing(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    return "network namespaces need Linux and root";
  }
  const args = ["-n", "true"];
  try {
    const { success } = new Deno.Command("unshare", { args, stderr: "null" }).outputSync();
    return success ? undefined : "this machine allows no network namespaces";
  } catch {
    return "network namespaces need the program unshare";
  }
}

function loopMissing(): string | undefined {
  try {
    Deno.statSync("/dev/loop-control");
    return undefined;
  } catch {
    return "this machine has no loop devices";
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** The runner collects the reasons in a file; by hand they go to stderr. */
function tell(reason: string): void {
  const file = Deno.env.get("SANCTL_TEST_SKIPS");
  if (file === undefined) console.error(`skipped: ${reason}`);
  else Deno.writeTextFileSync(file, `${reason}\n`, { append: true });
}
