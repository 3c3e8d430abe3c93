/** What is declared of a service, and the secrets in it, in two files that are changed as one. */
import type { z } from "zod";
import { iqnBaseOf } from "../iscsi/default_name.ts";
import { assert } from "../runtime/assert.ts";
import { PrivateYamlFile } from "./private_yaml_file.ts";
import { ReferredSecrets } from "./referred_secrets.ts";
import { type Declared, type SecretBook, secretsAt } from "./secret_book.ts";
import { SecretFile } from "./secret_file.ts";

/** One kind of state: where it is kept, and what is whole. */
export interface DeclaredKind<S> {
  /** Whose state it is, as the file says at its beginning. */
  readonly of: string;
  path(directory: string): string;
  readonly schema: z.ZodType<S>;
  /** What a machine has that nobody has configured; default names begin with the base. */
  empty(iqnBase: string): S;
  /** What does not fit together in it, as a clause. */
  inconsistency?(state: S): string | undefined;
  /** Every reference to a secret. */
  references(state: S): readonly string[];
  /** What does not fit between it and its secrets, as a clause. */
  secretProblem(state: S, secrets: SecretBook): string | undefined;
  /** Where a file is too large, what makes it smaller. */
  readonly remedy: string;
  readonly secretRemedy: string;
  /** What is to be taken out of it where secrets are missing. */
  readonly secretUses: string;
}

export class DeclaredStore<S> {
  readonly directory: string;
  readonly #kind: DeclaredKind<S>;
  readonly #file: PrivateYamlFile;
  readonly #secretFile: SecretFile;
  readonly #secrets: ReferredSecrets;

  constructor(directory: string, kind: DeclaredKind<S>) {
    const path = kind.path(directory);
    this.directory = directory;
    this.#kind = kind;
    this.#file = new PrivateYamlFile({
      ...{ path, kind: "state file", heading: headingOf(kind.of), remedy: kind.remedy },
    });
    this.#secretFile = new SecretFile({
      ...{ directory, referringFile: path, remedy: kind.secretRemedy, uses: kind.secretUses },
    });
    this.#secrets = new ReferredSecrets(this.#secretFile);
  }

  /** What is declared, without its secrets; what nobody has configured where there is no file. */
  async load(): Promise<S> {
    const { schema, empty, inconsistency } = this.#kind;
    const data = await this.#file.read();
    if (data === undefined) return empty(iqnBaseOf(Deno.hostname()));
    const result = schema.safeParse(data);
    if (!result.success) {
      const issue = result.error.issues[0]!;
      const where = issue.path.join(".") || "the whole";
      throw this.#file.unusable(`${where}: ${issue.message}`, result.error);
    }
    const problem = inconsistency?.(result.data);
    if (problem !== undefined) throw this.#file.unusable(problem);
    return result.data;
  }

  /** With its secrets, for whoever holds the lock: otherwise they change meanwhile. */
  async loadAll(): Promise<Declared<S>> {
    const state = await this.load();
    const secrets = await this.#secrets.load();
    const problem = this.#kind.secretProblem(state, secrets);
    if (problem !== undefined) throw this.#secretFile.misfit(problem);
    return { state, secrets: secretsAt(this.#kind.references(state), secrets) };
  }

  /** Replaces the files, the secrets with those that are given; whoever calls holds the lock. */
  async save({ state, secrets }: Declared<S>): Promise<void> {
    const references = this.#kind.references(state);
    const used = secretsAt(references, secrets);
    assert(
      references.every((reference) => used.has(reference)),
      "every secret that the state refers to is there",
    );
    await this.#secrets.save(used, () => this.#file.write(state));
  }
}

function headingOf(whose: string): string {
  return `# The declared state of ${whose}. It is rewritten by sanctl:
# change it with the command line, or by hand while no service runs. The last line marks the end
# of a whole file.
`;
}
