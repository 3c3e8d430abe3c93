/** Counters in the text format of Prometheus. */
import type { Control, CounterFacts, DiskCounterFacts } from "../config/control.ts";

/** Sessions that are shown one by one; more would be a burden to whoever collects them. */
const MOST_SESSIONS = 1000;

type Labels = Readonly<Record<string, string>>;

/** A family: its name, kind and help, and the samples as they are found. */
class Family {
  readonly #lines: string[];

  constructor(readonly name: string, kind: "counter" | "gauge", help: string) {
    this.#lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
  }

  add(value: number, labels: Labels = {}): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
    this.#lines.push(`${this.name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

const TRANSFERS = [
  ["commands_total", "commands", "SCSI commands"],
  ["read_bytes_total", "octetsRead", "Octets that initiators read"],
  ["written_bytes_total", "octetsWritten", "Octets that initiators wrote"],
] as const satisfies readonly (readonly [string, keyof CounterFacts, string])[];

const DISK_OPERATIONS = [
  ["reads_total", "reads", "Reads of the disk"],
  ["read_bytes_total", "octetsRead", "Octets read from the disk"],
  ["writes_total", "writes", "Writes to the disk"],
  ["written_bytes_total", "octetsWritten", "Octets written to the disk"],
  ["flushes_total", "flushes", "Times that the disk was made durable"],
  ["unmaps_total", "unmaps", "Ranges given back"],
  ["unmapped_bytes_total", "octetsUnmapped", "Octets given back"],
  ["errors_total", "errors", "Operations that the medium could not do"],
] as const satisfies readonly (readonly [string, keyof DiskCounterFacts, string])[];

export async function metricsText(control: Control): Promise<string> {
  const families = [
    ...await serviceFamilies(control),
    ...await targetFamilies(control),
    ...await diskFamilies(control),
    ...await snapshotFamilies(control),
    ...await scheduleFamilies(control),
    ...await sessionFamilies(control),
  ];
  return families.join("");
}

async function serviceFamilies(control: Control): Promise<Family[]> {
  const { version, targets, disks, sessions, problems } = await control.status();
  const info = new Family("sanctl_info", "gauge", "What runs");
  info.add(1, { version });
  const counts = [
    ["sanctl_targets", "Targets", targets],
    ["sanctl_disks", "Disks", disks],
    ["sanctl_sessions", "Open sessions", sessions],
    ["sanctl_problems", "What needs attention", problems.length],
  ] as const;
  return [
    info,
    ...counts.map(([name, help, value]) => {
      const family = new Family(name, "gauge", help);
      family.add(value);
      return family;
    }),
  ];
}

async function targetFamilies(control: Control): Promise<Family[]> {
  const targets = await control.listTargets();
  const open = new Family("sanctl_target_sessions", "gauge", "Open sessions of a target");
  for (const { name, sessions } of targets) open.add(sessions, { target: name });
  const transfers = TRANSFERS.map(([suffix, key, help]) => {
    const family = new Family(`sanctl_target_${suffix}`, "counter", `${help} of a target`);
    for (const { name, counters } of targets) family.add(counters[key], { target: name });
    return family;
  });
  return [open, ...transfers];
}

async function diskFamilies(control: Control): Promise<Family[]> {
  const disks = await control.listDisks();
  const size = new Family("sanctl_disk_size_bytes", "gauge", "Capacity of a disk");
  const ready = new Family("sanctl_disk_ready", "gauge", "1 while a disk can be used");
  // Of each LUN: join the counters of the disk by its name.
  const luns = new Family("sanctl_lun", "gauge", "Which disk stands behind a LUN");
  for (const disk of disks) {
    size.add(disk.size, { disk: disk.name });
    ready.add(disk.state === "ready" ? 1 : 0, { disk: disk.name });
    for (const { target, lun } of disk.assignments) {
      luns.add(1, { target, lun: String(lun), disk: disk.name });
    }
  }
  const operations = DISK_OPERATIONS.map(([suffix, key, help]) => {
    const family = new Family(`sanctl_disk_${suffix}`, "counter", help);
    for (const { name, counters } of disks) family.add(counters[key], { disk: name });
    return family;
  });
  return [size, ready, luns, ...operations];
}

async function snapshotFamilies(control: Control): Promise<Family[]> {
  const count = new Family("sanctl_disk_snapshots", "gauge", "Snapshots of a disk");
  const space = new Family(
    "sanctl_disk_snapshot_space_bytes",
    "gauge",
    "Octets that the snapshots of a disk take",
  );
  const byDisk = Map.groupBy(await control.snapshots.list(), ({ disk }) => disk);
  for (const [disk, snapshots] of byDisk) {
    count.add(snapshots.length, { disk });
    space.add(snapshots.reduce((sum, each) => sum + (each.space ?? 0), 0), { disk });
  }
  return [count, space];
}

async function scheduleFamilies(control: Control): Promise<Family[]> {
  const failed = new Family("sanctl_schedule_failed", "gauge", "1 where its last run failed");
  const ended = new Family(
    "sanctl_schedule_last_run_timestamp_seconds",
    "gauge",
    "When its last run ended",
  );
  for (const { name: schedule, kind, lastRun } of await control.schedules.list()) {
    if (lastRun === null) continue;
    failed.add(lastRun.failure === null ? 0 : 1, { schedule, kind });
    ended.add(Math.floor(Date.parse(lastRun.endedAt) / 1000), { schedule, kind });
  }
  return [failed, ended];
}

async function sessionFamilies(control: Control): Promise<Family[]> {
  const sessions = (await control.sessions()).slice(0, MOST_SESSIONS);
  return TRANSFERS.map(([suffix, key, help]) => {
    const family = new Family(`sanctl_session_${suffix}`, "counter", `${help} in a session`);
    for (const { id, target, initiator, counters } of sessions) {
      family.add(counters[key], { session: id, target, initiator });
    }
    return family;
  });
}

/** A label's value may hold anything; three characters would end or bend it. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
