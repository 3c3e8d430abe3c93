/** Puts the peers on the machine that the chosen tests need, where that is ours to do. */
import { type GroupName, isInstalled, type Peer, PEERS, programPath } from "./peers.ts";

/** Installs what is missing on Debian as root; elsewhere says what is, and skips say why. */
export async function installPeers(groups: readonly GroupName[]): Promise<void> {
  const needed = (PEERS as readonly Peer[]).filter((peer) =>
    peer.groups.some((group) => groups.includes(group))
  );
  const missing = needed.filter((peer) => !isInstalled(peer));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((peer) => peer.package.split(" ")))];
  const obstacle = whyNot();
  if (obstacle !== undefined) {
    console.log(`peers missing: ${packages.join(" ")} (not installed: ${obstacle})`);
    return;
  }
  console.log(`peers: installing ${packages.join(" ")}`);
  const installed = await apt("install", ...packages) ||
    await apt("update") && await apt("install", ...packages);
  if (!installed) console.log(`peers: apt-get could not install all of ${packages.join(" ")}`);
}

function whyNot(): string | undefined {
  if (programPath("apt-get") === undefined) return "no apt-get here";
  if (Deno.uid() !== 0) return "not root";
  return undefined;
}

async function apt(verb: string, ...packages: string[]): Promise<boolean> {
  const options = ["-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
  const { success } = await new Deno.Command("apt-get", {
    args: [...options, verb, ...packages],
    // RUNLEVEL=1: invoke-rc.d starts no service in single-user mode, and a test starts its own.
    env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}
