/** The kernel's table of neighbours: which hardware address has who is on a network of ours. */
import { formatIpAddress, type IpAddress, parsePeerAddress } from "./ip_address.ts";
import { isHardwareAddress, normaliseHardwareAddress } from "./hardware_address.ts";

/** Hardware addresses by IP addresses, each in its one spelling. */
export type NeighbourTable = ReadonlyMap<string, ReadonlySet<string>>;

const ARP_FILE = "/proc/net/arp";
/** ATF_COM: the hardware address is known. if_arp.h, arp(7). */
const COMPLETE = 0x2;
/** States in which the table does not know it. ip-neighbour(8). */
const UNKNOWN = /\b(FAILED|INCOMPLETE|NONE)\b/;
/** How long the program that tells the IPv6 neighbours may take. */
const DEADLINE_MS = 2000;

/** The table of IPv4, or that of IPv6. An error's message says why it cannot be read. */
export async function readNeighbours(family: 4 | 6): Promise<NeighbourTable> {
  if (Deno.build.os !== "linux") {
    throw new Error("the neighbours of this machine can be looked up on Linux only");
  }
  return family === 4
    ? parseArp(await Deno.readTextFile(ARP_FILE))
    : parseIpNeighbour(await ipNeighbour());
}

async function ipNeighbour(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("ip", {
      args: ["-6", "neighbour", "show"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).output();
    if (success) return new TextDecoder().decode(stdout);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("the IPv6 neighbours are told by the program ip (iproute2), which is missing", {
      cause: error,
    });
  }
  throw new Error("the program ip did not tell the IPv6 neighbours");
}

/** `/proc/net/arp`: address, type, flags, hardware address, mask, device. proc_net(5). */
export function parseArp(text: string): NeighbourTable {
  const rows = text.split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  return tableOf(rows.flatMap(([ip, , flags, hardware]) => {
    return (Number(flags) & COMPLETE) === 0 ? [] : [[ip!, hardware!] as const];
  }));
}

/** `ip -6 neighbour show`: `ADDRESS dev DEVICE lladdr HARDWARE [router] STATE`. */
export function parseIpNeighbour(text: string): NeighbourTable {
  const known = text.split("\n").filter((line) => !UNKNOWN.test(line));
  return tableOf(known.flatMap((line) => {
    const hardware = / lladdr (\S+)/.exec(line)?.[1];
    return hardware === undefined ? [] : [[line.split(" ")[0]!, hardware] as const];
  }));
}

function tableOf(rows: readonly (readonly [ip: string, hardware: string])[]): NeighbourTable {
  const table = new Map<string, Set<string>>();
  for (const [ip, hardware] of rows) {
    const address = parsePeerAddress(ip);
    // Other kinds of networks have addresses of other lengths.
    if (address === undefined || !isHardwareAddress(hardware)) continue;
    const key = formatIpAddress(address);
    const known = table.get(key) ?? new Set();
    table.set(key, known.add(normalised(hardware)));
  }
  return table;
}

function normalised(hardware: string): string {
  return normaliseHardwareAddress(hardware);
}

/** The hardware address of one neighbour; an error's message says why it is not known. */
export function hardwareAddressIn(table: NeighbourTable, address: IpAddress): string {
  const ip = formatIpAddress(address);
  if (address.length === 4 ? address[0] === 127 : ip === "::1") {
    throw new Error("it comes from this machine, and by no adapter");
  }
  const found = [...table.get(ip) ?? []];
  if (found.length === 1) return found[0]!;
  // A link-local address may be another host's on every network.
  if (found.length > 1) throw new Error(`${ip} is on several networks: ${found.join(" ")}`);
  throw new Error(`${ip} is not on a network of this machine, so its adapter is not known`);
}
