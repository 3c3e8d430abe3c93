/** Has the target's server keep a device's disk as it is now, while the device holds still here. */
import type { Control } from "../config/control.ts";
import { ControlError } from "../config/control_error.ts";
import type { InitiatorDeviceFacts } from "./facts.ts";
import { type Consistency, type Hush, whileQuiet } from "./quiet_device.ts";

export interface DeviceSnapshotOptions {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Run before the device holds still, and after it has: for what programs keep in memory. */
  readonly before?: (() => Promise<void>) | undefined;
  readonly after?: (() => Promise<void>) | undefined;
}

export interface DeviceSnapshotFacts {
  readonly device: string;
  /** As the server calls the disk, and the snapshot. */
  readonly disk: string;
  readonly snapshot: string;
  readonly takenAt: string;
  /** `file-system`: its file systems were frozen. `crash`: all that was written is in it. */
  readonly consistency: Consistency;
  readonly frozen: readonly string[];
  readonly notices: readonly string[];
}

export async function snapshotDevice(
  device: InitiatorDeviceFacts,
  server: Control,
  { name, description, before, after }: DeviceSnapshotOptions,
  hush?: Hush,
): Promise<DeviceSnapshotFacts> {
  const disk = await diskOf(device, server);
  await before?.();
  let facts: DeviceSnapshotFacts;
  try {
    facts = await whileQuiet(device, async ({ consistency, frozen, notices }) => {
      const { facts: taken } = await server.snapshots.create({ disks: [disk], name, description });
      const { name: snapshot, takenAt } = taken[0]!;
      return { device: device.name, disk, snapshot, takenAt, consistency, frozen, notices };
    }, hush);
  } catch (error) {
    // What was stopped goes on, and why there is no snapshot is what is told.
    await after?.().catch(() => undefined);
    throw error;
  }
  await after?.();
  return facts;
}

/** By the serial number, which is the disk's own wherever it is assigned. */
async function diskOf(device: InitiatorDeviceFacts, server: Control): Promise<string> {
  const { serial, name, target } = device;
  const disks = await server.listDisks();
  const disk = disks.find(({ uuid }) => serial !== "" && uuid.replaceAll("-", "") === serial);
  if (disk !== undefined) return disk.name;
  throw new ControlError(
    "not-found",
    `the server has no disk that is device ${name} (target ${target})`,
    "name the server that does: --target-server ssh://HOST",
  );
}
