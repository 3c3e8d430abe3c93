/**
 * A file of the state directory that holds YAML: replaced as a whole or not at all, readable by its
 * user alone. A file that is not whole, or open to others, is refused and never written over.
 */
import { ControlError } from "./control_error.ts";
import { replaceFile } from "../block/durable_file.ts";
import { makeStateDirectory } from "./make_state_directory.ts";
import { directoryOf } from "../runtime/path.ts";
import { formatYaml, MOST_YAML_OCTETS, parseYaml, YamlError } from "./yaml.ts";

/**
 * The end marker of a YAML document. A text cut short is often still YAML, with less in it; without
 * this line it is not taken for whole.
 */
const END = "...";

const REPAIR = "put a whole copy in its place or repair it by hand; it was left as it is";

export interface PrivateYamlFileOptions {
  readonly path: string;
  /** What errors call it: `state file`. */
  readonly kind: string;
  /** Comment lines that it begins with. */
  readonly heading: string;
  /** Where it is too large, what makes it smaller. */
  readonly remedy: string;
  /** Nothing that is in it may be repeated in an error. */
  readonly isSecret?: boolean;
}

export class PrivateYamlFile {
  readonly #options: PrivateYamlFileOptions;

  constructor(options: PrivateYamlFileOptions) {
    this.#options = options;
  }

  /** The data in it; undefined where there is no file. */
  async read(): Promise<unknown> {
    const text = await this.#readText();
    if (text === undefined) return undefined;
    if (!text.trimEnd().endsWith(`\n${END}`)) {
      throw this.unusable(`its last line, ${END}, is missing: the file is cut short`);
    }
    try {
      return parseYaml(text);
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      throw this.#options.isSecret ? this.unusable("it is not YAML") : this.unusable(
        error.message,
        error,
      );
    }
  }

  /** Replaces the file. Whoever calls holds the lock. */
  async write(data: unknown): Promise<void> {
    const { path, kind, heading, remedy } = this.#options;
    const octets = new TextEncoder().encode(`${heading}${formatYaml(data)}${END}\n`);
    if (octets.length > MOST_YAML_OCTETS) {
      throw new ControlError(
        "failed",
        `the ${kind} would take ${octets.length} octets, more than ${MOST_YAML_OCTETS}`,
        remedy,
      );
    }
    await makeStateDirectory(directoryOf(path));
    try {
      await replaceFile(path, octets);
    } catch (error) {
      throw new ControlError(
        error instanceof Deno.errors.PermissionDenied ? "permission" : "failed",
        `the ${kind} ${path} could not be written: ${messageOf(error)}`,
        "see to the space and the permissions of its directory; nothing was changed",
        { cause: error },
      );
    }
  }

  /** Why what is in the file cannot be used; it is left as it is. */
  unusable(why: string, cause?: unknown, nextStep = REPAIR): ControlError {
    const { path, kind } = this.#options;
    const message = `the ${kind} ${path} cannot be used: ${why}`;
    return new ControlError("failed", message, nextStep, { cause });
  }

  async #readText(): Promise<string | undefined> {
    const { path, kind } = this.#options;
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new ControlError(
        error instanceof Deno.errors.PermissionDenied ? "permission" : "failed",
        `the ${kind} ${path} could not be read: ${messageOf(error)}`,
        "run the command as the user that the service runs as",
        { cause: error },
      );
    }
    using opened = file;
    const { mode, size } = await opened.stat();
    this.#checkMode(mode);
    if (size > MOST_YAML_OCTETS) {
      throw this.unusable(`it has ${size} octets, more than ${MOST_YAML_OCTETS}`);
    }
    const octets = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const got = await opened.read(octets.subarray(at));
      if (got === null) throw this.unusable("it became shorter while it was read");
      at += got;
    }
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(octets);
    } catch (error) {
      throw this.unusable("it is not UTF-8", error);
    }
  }

  /** What others can read is no secret, and what others can write is not trusted. */
  #checkMode(mode: number | null): void {
    if (mode === null || (mode & 0o077) === 0) return;
    const { path, kind } = this.#options;
    throw new ControlError(
      "permission",
      `the ${kind} ${path} is open to others (mode ${(mode & 0o777).toString(8)})`,
      `make it private: chmod 600 ${path}`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
