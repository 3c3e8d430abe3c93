/**
 * Has a device hold still for a moment: its file systems are frozen, and all that was written is on
 * the target's disk. What a file system's driver cannot freeze is at least written out.
 */
import type { BlockDevice } from "../block/device.ts";
import { ControlError } from "../config/control_error.ts";
import { runProgram } from "../runtime/program.ts";
import type { InitiatorDeviceFacts } from "./facts.ts";

/** `file-system`: no recovery is needed. `crash`: as after a power failure, with all flushed. */
export type Consistency = "file-system" | "crash";

export interface Quiet {
  readonly consistency: Consistency;
  /** Where the file systems are that were frozen. */
  readonly frozen: readonly string[];
  /** Why one of them was not. */
  readonly notices: readonly string[];
}

/** What is done to file systems, and to the device; tests have their own. */
export interface Hush {
  /** Undefined: it is frozen; else why not. */
  freeze(mount: string): Promise<string | undefined>;
  thaw(mount: string): Promise<string | undefined>;
  /** Writes out what is cached of a file system that is not frozen. */
  writeOut(mount: string): Promise<void>;
  /** On the target's disk is all that was written to the device. */
  flush(device: InitiatorDeviceFacts): Promise<void>;
}

/** Programs wait for so long at most: whoever writes to what is frozen does. */
const MOST_MS = 30_000;

/** Runs `take` while the device holds still, and lets it go on whatever comes of that. */
export async function whileQuiet<T>(
  device: InitiatorDeviceFacts,
  take: (quiet: Quiet) => Promise<T>,
  hush: Hush = SYSTEM,
  mostMs = MOST_MS,
): Promise<T> {
  const frozen: string[] = [];
  const notices: string[] = [];
  try {
    for (const mount of device.attached?.mounts ?? []) {
      const reason = await hush.freeze(mount);
      if (reason === undefined) {
        frozen.push(mount);
        continue;
      }
      await hush.writeOut(mount);
      notices.push(`${mount} could not be frozen, and is as after a power failure: ${reason}`);
    }
    await hush.flush(device);
    const isWhole = frozen.length > 0 && notices.length === 0;
    const quiet: Quiet = { consistency: isWhole ? "file-system" : "crash", frozen, notices };
    return await inTime(take(quiet), mostMs);
  } finally {
    await thawAll(frozen, hush);
  }
}

async function inTime<T>(taking: Promise<T>, mostMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new ControlError(
        "unreachable",
        `the server took more than ${mostMs / 1000} s, and the file systems go on`,
        "a snapshot that it may have taken is as after a power failure: sanctl snapshot list",
      ),
    );
  }, mostMs);
  try {
    return await Promise.race([taking, late.promise]);
  } finally {
    clearTimeout(timer);
    taking.catch(() => undefined);
  }
}

/** All of them, the last one first. */
async function thawAll(frozen: readonly string[], hush: Hush): Promise<void> {
  const failures: string[] = [];
  for (const mount of frozen.toReversed()) {
    const reason = await hush.thaw(mount);
    if (reason !== undefined) failures.push(`${mount}: ${reason}`);
  }
  if (failures.length === 0) return;
  throw new ControlError(
    "failed",
    `what was frozen could not be thawed: ${failures.join("; ")}`,
    `thaw it by hand: fsfreeze --unfreeze ${frozen.join(" ")}`,
  );
}

const SYSTEM: Hush = {
  freeze: (mount) => fsfreeze("--freeze", mount),
  thaw: (mount) => fsfreeze("--unfreeze", mount),
  async writeOut(mount) {
    await runProgram("sync", ["--file-system", mount]);
  },
  async flush({ attached }) {
    if (attached === null || attached.readOnly) return;
    // What programs have written to a block device without a file system is in the kernel's cache.
    if (attached.path !== null && attached.mounts.length === 0) await syncFile(attached.path);
    const { openDevice } = await import("../device_url.ts");
    const device: BlockDevice = (await openDevice(attached.url)).device;
    try {
      await device.flush();
    } finally {
      await device.close();
    }
  },
};

async function fsfreeze(verb: string, mount: string): Promise<string | undefined> {
  const ran = await runProgram("fsfreeze", [verb, mount]);
  if (ran === undefined) return "there is no program fsfreeze (Debian: util-linux)";
  return ran.success ? undefined : ran.said;
}

async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await file.syncData();
}
