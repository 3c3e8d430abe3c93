/**
 * The state file: the declared state as YAML, replaced as a whole or not at all, readable by its
 * user alone. A file that is not whole is refused and never written over.
 */
import { inconsistency } from "./consistency.ts";
import { ControlError } from "./control_error.ts";
import { replaceFile } from "./durable_file.ts";
import { iqnBaseOf } from "./iscsi_name.ts";
import { makeStateDirectory } from "./make_state_directory.ts";
import { DeclaredState, emptyState } from "./schema.ts";
import { stateFile } from "./state_directory.ts";
import { formatYaml, MOST_YAML_OCTETS, parseYaml, YamlError } from "./yaml.ts";

const HEADING =
  `# The declared state of sanctl. It is rewritten by sanctl: change it with the command
# line, or by hand while no service runs. The last line marks the end of a whole file.
`;

/**
 * The end marker of a YAML document. A text cut short is often still YAML, with less in it; without
 * this line it is not taken for the state.
 */
const END = "...";

export class StateStore {
  readonly directory: string;
  readonly #path: string;

  constructor(directory: string) {
    this.directory = directory;
    this.#path = stateFile(directory);
  }

  /** The declared state; that of an unconfigured server where there is no file. */
  async load(): Promise<DeclaredState> {
    const text = await this.#read();
    if (text === undefined) return emptyState(iqnBaseOf(Deno.hostname()));
    if (!text.trimEnd().endsWith(`\n${END}`)) {
      throw this.#unusable(`its last line, ${END}, is missing: the file is cut short`);
    }
    const state = this.#validate(this.#parse(text));
    const problem = inconsistency(state);
    if (problem !== undefined) throw this.#unusable(problem);
    return state;
  }

  /** Replaces the file. Whoever calls holds the lock. */
  async save(state: DeclaredState): Promise<void> {
    const octets = new TextEncoder().encode(`${HEADING}${formatYaml(state)}${END}\n`);
    if (octets.length > MOST_YAML_OCTETS) {
      throw new ControlError(
        "failed",
        `the declared state would take ${octets.length} octets, more than ${MOST_YAML_OCTETS}`,
        "remove targets or disks that are not needed",
      );
    }
    await makeStateDirectory(this.directory);
    try {
      await replaceFile(this.#path, octets);
    } catch (error) {
      throw new ControlError(
        error instanceof Deno.errors.PermissionDenied ? "permission" : "failed",
        `the state file ${this.#path} could not be written: ${messageOf(error)}`,
        "see to the space and the permissions of its directory; nothing was changed",
        { cause: error },
      );
    }
  }

  async #read(): Promise<string | undefined> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new ControlError(
        error instanceof Deno.errors.PermissionDenied ? "permission" : "failed",
        `the state file ${this.#path} could not be read: ${messageOf(error)}`,
        "run the command as the user that the service runs as",
        { cause: error },
      );
    }
    using opened = file;
    const { mode, size } = await opened.stat();
    this.#checkMode(mode);
    if (size > MOST_YAML_OCTETS) {
      throw this.#unusable(`it has ${size} octets, more than ${MOST_YAML_OCTETS}`);
    }
    const octets = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const got = await opened.read(octets.subarray(at));
      if (got === null) throw this.#unusable("it became shorter while it was read");
      at += got;
    }
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(octets);
    } catch (error) {
      throw this.#unusable("it is not UTF-8", error);
    }
  }

  /** It may hold secrets: what others can read is not trusted, nor what others can write. */
  #checkMode(mode: number | null): void {
    if (mode === null || (mode & 0o077) === 0) return;
    throw new ControlError(
      "permission",
      `the state file ${this.#path} is open to others (mode ${(mode & 0o777).toString(8)})`,
      `make it private: chmod 600 ${this.#path}`,
    );
  }

  #parse(text: string): unknown {
    try {
      return parseYaml(text);
    } catch (error) {
      if (error instanceof YamlError) throw this.#unusable(error.message, error);
      throw error;
    }
  }

  #validate(data: unknown): DeclaredState {
    const result = DeclaredState.safeParse(data);
    if (result.success) return result.data;
    const issue = result.error.issues[0]!;
    throw this.#unusable(`${issue.path.join(".") || "the whole"}: ${issue.message}`, result.error);
  }

  #unusable(why: string, cause?: unknown): ControlError {
    return new ControlError(
      "failed",
      `the state file ${this.#path} cannot be used: ${why}`,
      "put a whole copy in its place or repair it by hand; it was left as it is",
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
