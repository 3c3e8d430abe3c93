/**
 * An export as a block device of the Linux kernel's, by nbd-client. The kernel speaks to the server
 * itself, so the device is there until it is disconnected, also when we are not: what is needed for
 * that is kept in a file.
 */
import { bootId } from "../../runtime/boot_id.ts";
import { AttachError } from "./attach_error.ts";
import type { LocalDevice, LocalDeviceOptions } from "./local_device.ts";
import { openersOf } from "./openers.ts";
import { runProgram } from "../../runtime/program.ts";

const BLOCK = "/sys/block";
/** The ending of the files that tell which devices are ours. */
const RECORD = ".nbd";

/** Which device it is, and that it is still the one that was connected then. */
interface Connected {
  readonly device: string;
  /** As the kernel tells it: of who connected it. */
  readonly pid: string;
  readonly bootId: string;
}

export class KernelDevice implements LocalDevice {
  readonly way = "nbd";
  readonly path: string;
  readonly #record: string;

  private constructor(path: string, record: string) {
    this.path = path;
    this.#record = record;
  }

  /** Fails with why this machine gives no such device. */
  static async connect(options: LocalDeviceOptions): Promise<KernelDevice> {
    const { directory, fileName, exportName, socket, readOnly, blockLength } = options;
    const args = ["-unix", socket, "-name", exportName, "-block-size", String(blockLength)];
    if (readOnly) args.push("-readonly");
    let said = "every one of them is connected";
    for (const name of await freeDevices()) {
      const path = `/dev/${name}`;
      const [to, from, ...rest] = args;
      const ran = await runProgram("nbd-client", [to!, from!, path, ...rest]);
      if (ran === undefined) throw unavailable("there is no program nbd-client");
      if (ran.success && pidOf(name) !== "") {
        const record = `${directory}/${fileName}${RECORD}`;
        const connected = { device: name, pid: pidOf(name), bootId: bootId() ?? "" };
        await Deno.writeTextFile(record, JSON.stringify(connected), { mode: 0o600 });
        return new KernelDevice(path, record);
      }
      said = `nbd-client says: ${ran.said}`;
      // Somebody else may have taken it meanwhile; anything else fails for the next one too.
      if (pidOf(name) === "") break;
    }
    throw unavailable(said);
  }

  async release({ force }: { readonly force: boolean }): Promise<string[]> {
    const openers = await openersOf(this.path);
    if (openers.length > 0 && !force) {
      const next = "end them first, or add --force: they lose it";
      throw new AttachError("in-use", `${this.path} is open in ${openers.join(", ")}`, next);
    }
    await writeOut(this.path);
    const ran = await runProgram("nbd-client", ["-d", this.path]);
    if (ran?.success !== true) {
      const next = `see to it by hand: nbd-client -d ${this.path}`;
      throw new AttachError("failed", `cannot disconnect ${this.path}: ${ran?.said}`, next);
    }
    await Deno.remove(this.#record);
    return openers.map((opener) => `${opener} has lost ${this.path}, which it has open`);
  }
}

/** Whether the file in the folder tells of a device. */
export function isRecord(name: string): boolean {
  return name.endsWith(RECORD);
}

/** The device that a process before us has left; undefined: it is not ours any more. */
export async function leftDevice(record: string): Promise<string | undefined> {
  const { device, pid, bootId: boot } = JSON.parse(await Deno.readTextFile(record)) as Connected;
  const isOurs = pid !== "" && pidOf(device) === pid && boot === (bootId() ?? "");
  return isOurs ? `/dev/${device}` : undefined;
}

/** Takes it away: nobody serves it any more. */
export async function disconnectLeft(path: string): Promise<void> {
  await runProgram("nbd-client", ["-d", path]);
}

/** All that the kernel holds for the device goes to the export. */
async function writeOut(path: string): Promise<void> {
  // Not synchronously: it is this process that has to answer the kernel.
  const file = await Deno.open(path, { read: true, write: false });
  try {
    await file.syncData();
  } catch (error) {
    const next = "what programs wrote last may be lost: check the data";
    throw new AttachError("failed", `${path} could not be flushed`, next, { cause: error });
  } finally {
    file.close();
  }
}

/** Those that nobody has connected. */
async function freeDevices(): Promise<string[]> {
  if (Deno.uid() !== 0) throw unavailable("only root can connect them");
  if (devices().length === 0) await runProgram("modprobe", ["nbd"]);
  const all = devices();
  if (all.length === 0) throw unavailable("its module nbd is not there");
  return all.filter((name) => pidOf(name) === "");
}

function devices(): string[] {
  try {
    const names = [...Deno.readDirSync(BLOCK)].map(({ name }) => name);
    return names.filter((name) => /^nbd\d+$/.test(name) && isThere(`/dev/${name}`))
      .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}

/** Of who connected it; nothing where nobody has. */
function pidOf(name: string): string {
  try {
    return Deno.readTextFileSync(`${BLOCK}/${name}/pid`).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** In a container the kernel's devices may have no names. */
function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(path).isBlockDevice === true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function unavailable(why: string): AttachError {
  const next = "load the kernel's module (modprobe nbd) and install nbd-client, or attach it " +
    "another way: --way nbdfuse or --way url";
  return new AttachError("failed", `the kernel gives no nbd device: ${why}`, next);
}
