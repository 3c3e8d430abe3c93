/**
 * The declared state and its secrets, in two files that are changed as one: the state file names
 * secrets by references that are never used again, and is replaced when what it names is there.
 */
import { assert } from "../runtime/assert.ts";
import { inconsistency } from "./consistency.ts";
import { ControlError } from "./control_error.ts";
import { iqnBaseOf } from "../iscsi/default_name.ts";
import { PrivateYamlFile } from "./private_yaml_file.ts";
import { DeclaredState, emptyState } from "./schema.ts";
import {
  type Declared,
  NO_SECRETS,
  type SecretBook,
  secretUses,
  usedSecrets,
} from "./secret_book.ts";
import { secretProblem } from "./secret_rules.ts";
import { SecretFile } from "./secret_file.ts";
import { stateFile } from "./state_directory.ts";

const HEADING =
  `# The declared state of sanctl. It is rewritten by sanctl: change it with the command
# line, or by hand while no service runs. The last line marks the end of a whole file.
`;

export class StateStore {
  readonly directory: string;
  readonly #file: PrivateYamlFile;
  readonly #secretFile: SecretFile;
  /** What the file of secrets is known to hold. */
  #kept: SecretBook = NO_SECRETS;

  constructor(directory: string) {
    this.directory = directory;
    this.#file = new PrivateYamlFile({
      path: stateFile(directory),
      kind: "state file",
      heading: HEADING,
      remedy: "remove targets or disks that are not needed",
    });
    this.#secretFile = new SecretFile(directory);
  }

  /** The declared state; that of an unconfigured server where there is no file. */
  async load(): Promise<DeclaredState> {
    const data = await this.#file.read();
    if (data === undefined) return emptyState(iqnBaseOf(Deno.hostname()));
    const result = DeclaredState.safeParse(data);
    if (!result.success) {
      const issue = result.error.issues[0]!;
      const where = issue.path.join(".") || "the whole";
      throw this.#file.unusable(`${where}: ${issue.message}`, result.error);
    }
    const problem = inconsistency(result.data);
    if (problem !== undefined) throw this.#file.unusable(problem);
    return result.data;
  }

  /** The state with its secrets, for whoever holds the lock: otherwise they change meanwhile. */
  async loadAll(): Promise<Declared> {
    const state = await this.load();
    this.#kept = await this.#secretFile.load();
    const problem = secretProblem(state, this.#kept);
    if (problem !== undefined) throw this.#secretFile.misfit(problem);
    return { state, secrets: usedSecrets(state, this.#kept) };
  }

  /**
   * Replaces the files, the secrets with those that are given; whoever calls holds the lock. What
   * interrupts it leaves the state from before or the new one, and either finds its secrets.
   */
  async save({ state, secrets }: Declared): Promise<void> {
    const used = usedSecrets(state, secrets);
    assert(
      used.size === secretUses(state).length,
      "every secret that the state refers to is there",
    );
    if ([...used.keys()].some((reference) => !this.#kept.has(reference))) {
      const both = new Map([...this.#kept, ...used]);
      await this.#secretFile.save(both);
      this.#kept = both;
    }
    await this.#file.write(state);
    if (this.#kept.size > used.size) await this.#forget(used);
  }

  /** Keeps `used` alone. Where that fails the change is made all the same; the next one tries. */
  async #forget(used: SecretBook): Promise<void> {
    try {
      await this.#secretFile.save(used);
      this.#kept = used;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
    }
  }
}
