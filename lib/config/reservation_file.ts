/**
 * Where the persistent reservations of a disk are kept: a JSON file that is replaced as a whole. It
 * is found by the disk's UUID, whatever target and LUN the disk is behind. A file that cannot be
 * understood is refused: to go on without it would let a node write that the others have fenced
 * off.
 */
import { z } from "zod";
import { DeviceError } from "../block/device.ts";
import { syncDirectory } from "../block/sync_directory.ts";
import type { PersistedReservations, ReservationStore } from "../scsi/reservations.ts";
import { MOST_REGISTRATIONS } from "../scsi/reservations/registering.ts";
import { stateOf } from "../scsi/reservations/state.ts";
import { ControlError } from "./control_error.ts";
import { replaceFile } from "../block/durable_file.ts";
import { makeStateDirectory } from "./make_state_directory.ts";
import { directoryOf } from "../runtime/path.ts";

const VERSION = 1;

/** Names of ports have at most 240 characters; a file of this size holds anything that can be. */
const MOST_FILE_OCTETS = 1 << 20;

const PortName = z.string().min(1).max(300);

const ReservationFile = z.strictObject({
  version: z.literal(VERSION),
  disk: z.guid(),
  registrations: z.array(z.strictObject({
    initiatorPort: PortName,
    targetPort: z.exactOptional(PortName),
    except: z.exactOptional(z.array(PortName)),
    relativeTargetPort: z.int().min(0).max(0xffff),
    key: z.string().regex(/^[0-9a-f]{16}$/),
  })).max(MOST_REGISTRATIONS),
  reservation: z.exactOptional(z.strictObject({
    type: z.int(),
    holder: z.exactOptional(z.int().min(0)),
  })),
});

/** The reservations of the disk of that UUID, in a file of the directory. */
export function fileReservationStore(directory: string, uuid: string): ReservationStore {
  return new FileReservationStore(directory, uuid.toLowerCase());
}

class FileReservationStore implements ReservationStore {
  readonly #directory: string;
  readonly #uuid: string;
  readonly #path: string;

  constructor(directory: string, uuid: string) {
    if (!z.guid().safeParse(uuid).success) throw new RangeError(`${uuid} is no UUID`);
    this.#directory = directory;
    this.#uuid = uuid;
    this.#path = `${directory}/${uuid}.json`;
  }

  load(): PersistedReservations | undefined {
    const text = this.#read();
    if (text === undefined) return undefined;
    const result = ReservationFile.safeParse(this.#parse(text));
    if (!result.success) {
      const { path, message } = result.error.issues[0]!;
      throw this.#unusable(`${path.join(".") || "the whole"}: ${message}`, result.error);
    }
    const { version: _, disk, ...reservations } = result.data;
    if (disk.toLowerCase() !== this.#uuid) throw this.#unusable(`it belongs to the disk ${disk}`);
    try {
      stateOf(reservations);
    } catch (error) {
      if (error instanceof RangeError) throw this.#unusable(error.message, error);
      throw error;
    }
    return reservations;
  }

  async save(reservations: PersistedReservations): Promise<void> {
    const content = { version: VERSION, disk: this.#uuid, ...reservations };
    const octets = new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`);
    try {
      await this.#makeDirectory();
      await replaceFile(this.#path, octets);
    } catch (error) {
      throw new DeviceError(
        "medium",
        `the reservations could not be saved in ${this.#path}: ${messageOf(error)}; ` +
          "see to the space and the permissions of its directory",
        { cause: error },
      );
    }
  }

  #read(): string | undefined {
    try {
      const { size } = Deno.statSync(this.#path);
      if (size > MOST_FILE_OCTETS) {
        throw this.#unusable(`it has ${size} octets, more than ${MOST_FILE_OCTETS}`);
      }
      return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof ControlError) throw error;
      throw this.#unusable(messageOf(error), error);
    }
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) throw this.#unusable("it is not JSON", error);
      throw error;
    }
  }

  #unusable(why: string, cause?: unknown): ControlError {
    return new ControlError(
      "failed",
      `the persistent reservations in ${this.#path} cannot be used: ${why}`,
      "put a whole copy in its place; or remove it, which gives up every registration and " +
        "reservation of the disk, once no fenced node can reach it",
      { cause },
    );
  }

  /** The directory, durable as the file in it is to be. */
  async #makeDirectory(): Promise<void> {
    try {
      await Deno.stat(this.#directory);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await makeStateDirectory(this.#directory);
      await syncDirectory(directoryOf(this.#directory));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
