/**
 * Opens a disk for a command: by a device's URL, by a path, or as a device of the initiator's
 * service. What somebody else uses is not opened for writing, as far as that can be known here.
 */
import type { BlockDevice } from "../block/device.ts";
import { ControlError } from "../config/control_error.ts";
import { DEVICE_URL_FORMS, openDevice } from "../device_url.ts";
import type { InitiatorControl, InitiatorDeviceFacts } from "./control.ts";
import type { DiskPlace } from "./disk_place.ts";
import { findDevice } from "./find_device.ts";

export interface OpenDiskOptions {
  readonly readOnly: boolean;
  /** Opened only where it is needed. */
  readonly control: () => Promise<InitiatorControl>;
}

export interface OpenedDisk {
  readonly device: BlockDevice;
  /** Octets of a logical block; undefined: nobody tells. */
  readonly blockLength: number | undefined;
  close(): Promise<void>;
}

export async function openDisk(place: DiskPlace, options: OpenDiskOptions): Promise<OpenedDisk> {
  if (place.kind === "url") return await openUrl(place.disk, options);
  if (place.kind === "path") return await openPath(place.disk, options);
  return await openDeviceOfService(place.disk, options);
}

async function openUrl(url: string, options: OpenDiskOptions): Promise<OpenedDisk> {
  const { readOnly } = options;
  if (!/^iscsi:/i.test(url)) {
    if (/^file:/i.test(url)) return await openFile(url, url.slice("file:".length), readOnly);
    const { device } = await openDevice(url, { readOnly, sparse: true });
    return opened(device, undefined);
  }
  const control = await options.control();
  const { name, service } = await control.show();
  const { device } = await openDevice(url, { readOnly, initiatorName: name });
  try {
    const { RemoteDisk } = await import("../initiator/remote_disk.ts");
    const remote = device instanceof RemoteDisk ? device : undefined;
    if (!readOnly && service === "running") await requireUnused(control, remote?.identity);
    return opened(device, remote?.facts.blockLength);
  } catch (error) {
    await device.close();
    throw error;
  }
}

/** The same disk may be in use through the service's sessions. */
async function requireUnused(
  control: InitiatorControl,
  identity: string | undefined,
): Promise<void> {
  if (identity === undefined) return;
  const same = (await control.devices()).find((device) => device.identity === identity);
  if (same !== undefined) requireNotInUse(same);
}

function requireNotInUse({ name, attached }: InitiatorDeviceFacts): void {
  if (attached === null || attached.readOnly) return;
  const { path, mounts, clients } = attached;
  const how = mounts.length > 0
    ? `is mounted at ${mounts.join(", ")}`
    : path !== null
    ? `is attached as ${path}`
    : clients > 0
    ? `is attached, and in use over ${clients} connection${clients === 1 ? "" : "s"}`
    : undefined;
  if (how === undefined) return;
  throw new ControlError(
    "in-use",
    `device ${name} ${how}`,
    `end what uses it, then sanctl initiator detach ${name}`,
  );
}

async function openPath(path: string, { readOnly }: OpenDiskOptions): Promise<OpenedDisk> {
  const { isBlockDevice } = await Deno.stat(path);
  if (isBlockDevice) return await openFile(`file:${path}`, path, readOnly);
  const { recogniseImage } = await import("../vhd/recognise.ts");
  const { format, refusal } = await recogniseImage(path);
  if (refusal !== undefined) {
    throw new ControlError("failed", `${path} is no disk: ${refusal}`, "name another file");
  }
  if (format === "raw") return await openFile(`file:${path}`, path, readOnly);
  const { device } = await openDevice(`vhd:${path}`, { readOnly, sparse: true });
  return opened(device, undefined);
}

async function openFile(url: string, path: string, readOnly: boolean): Promise<OpenedDisk> {
  const isBlockDevice = (await Deno.stat(path)).isBlockDevice === true;
  if (!isBlockDevice) {
    if (!readOnly) await requireFree(path);
    return opened((await openDevice(url, { readOnly, sparse: true })).device, undefined);
  }
  const { holdBlockDevice } = await import("../block/hold_block_device.ts");
  const release = readOnly ? undefined : holdBlockDevice(path);
  try {
    const { device } = await openDevice(url, { readOnly });
    return opened(device, await blockLengthOf(path), () => release?.());
  } catch (error) {
    release?.();
    throw error;
  }
}

/** What is mounted from a file is used by the system, whoever has it locked. */
async function requireFree(path: string): Promise<void> {
  const { stackOn } = await import("../nbd/attach/stack.ts");
  const { above: [loop], mounts: [mount] } = stackOn(await Deno.realPath(path));
  if (loop === undefined) return;
  const where = mount === undefined ? `in use as /dev/${loop}` : `mounted at ${mount}`;
  const next = `${mount === undefined ? "" : `umount ${mount}, then `}losetup -d /dev/${loop}`;
  throw new ControlError("in-use", `${path} is ${where}`, next);
}

async function blockLengthOf(path: string): Promise<number | undefined> {
  const name = (await Deno.realPath(path)).split("/").at(-1)!;
  try {
    const file = `/sys/class/block/${name}/queue/logical_block_size`;
    return Number(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Through the service's sessions, whose paths it keeps; it is attached for as long as it takes. */
async function openDeviceOfService(
  name: string,
  { control: opening, readOnly }: OpenDiskOptions,
): Promise<OpenedDisk> {
  const control = await opening();
  await requireNoFile(control, name);
  const facts = findAny(await control.devices(), name);
  if (facts.attached !== null) {
    if (!readOnly) requireNotInUse(facts);
    if (!readOnly && facts.attached.readOnly) {
      const next = `first sanctl initiator detach ${facts.name}`;
      throw new ControlError("in-use", `device ${facts.name} is attached read-only`, next);
    }
    const { device } = await openDevice(facts.attached.url, { readOnly });
    return opened(device, facts.blockLength ?? undefined);
  }
  const { facts: { attached } } = await control.attach(facts.name, { readOnly, way: "url" });
  const detach = () => detached(control, facts.name);
  try {
    const { device } = await openDevice(attached!.url, { readOnly });
    return opened(device, facts.blockLength ?? undefined, detach);
  } catch (error) {
    await detach();
    throw error;
  }
}

/** Where no service could have such a device, somebody means a file. */
async function requireNoFile(control: InitiatorControl, name: string): Promise<void> {
  if ((await control.show()).service === "running") return;
  try {
    await Deno.stat(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw error;
  }
  throw new ControlError("usage", `${name} is no device, but a file`, `write it ./${name}`);
}

function findAny(devices: readonly InitiatorDeviceFacts[], name: string): InitiatorDeviceFacts {
  try {
    return findDevice(devices, name);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    throw new ControlError(
      "not-found",
      error.message,
      `${error.nextStep}; a file is written ./${name} or /PATH, a device's URL as one of ` +
        DEVICE_URL_FORMS.join(", "),
    );
  }
}

/** How often it is looked whether the service has noticed that our connection is gone. */
const DETACH_TRIES = 100;
const DETACH_MS = 20;

async function detached(control: InitiatorControl, name: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await control.detach(name);
      return;
    } catch (error) {
      const isInUse = error instanceof ControlError && error.kind === "in-use";
      if (!isInUse || tries === DETACH_TRIES) throw error;
      await new Promise((then) => setTimeout(then, DETACH_MS));
    }
  }
}

function opened(
  device: BlockDevice,
  blockLength: number | undefined,
  release: () => void | Promise<void> = () => {},
): OpenedDisk {
  return {
    ...{ device, blockLength },
    close: async () => {
      try {
        await device.close();
      } finally {
        await release();
      }
    },
  };
}
