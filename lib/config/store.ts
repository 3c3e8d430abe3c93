/** The declared state and its secrets, in two files that are changed as one. */
import { assert } from "../runtime/assert.ts";
import { inconsistency } from "./consistency.ts";
import { iqnBaseOf } from "../iscsi/default_name.ts";
import { PrivateYamlFile } from "./private_yaml_file.ts";
import { DeclaredState, emptyState } from "./schema.ts";
import { ReferredSecrets } from "./referred_secrets.ts";
import { type Declared, secretUses, usedSecrets } from "./secret_book.ts";
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
  readonly #secrets: ReferredSecrets;

  constructor(directory: string) {
    this.directory = directory;
    this.#file = new PrivateYamlFile({
      path: stateFile(directory),
      kind: "state file",
      heading: HEADING,
      remedy: "remove targets or disks that are not needed",
    });
    this.#secretFile = new SecretFile({
      directory,
      referringFile: stateFile(directory),
      remedy: "take CHAP from targets that need none",
      uses: "`chap` and `reverseChap`",
    });
    this.#secrets = new ReferredSecrets(this.#secretFile);
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
    const secrets = await this.#secrets.load();
    const problem = secretProblem(state, secrets);
    if (problem !== undefined) throw this.#secretFile.misfit(problem);
    return { state, secrets: usedSecrets(state, secrets) };
  }

  /**
   * Replaces the files, the secrets with those that are given; whoever calls holds the lock.
   */
  async save({ state, secrets }: Declared): Promise<void> {
    const used = usedSecrets(state, secrets);
    assert(
      used.size === secretUses(state).length,
      "every secret that the state refers to is there",
    );
    await this.#secrets.save(used, () => this.#file.write(state));
  }
}
