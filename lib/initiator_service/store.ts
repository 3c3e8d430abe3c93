/** The initiator's declared state and its secrets, in two files that are changed as one. */
import { PrivateYamlFile } from "../config/private_yaml_file.ts";
import { ReferredSecrets } from "../config/referred_secrets.ts";
import type { SecretBook } from "../config/secret_book.ts";
import { SecretFile } from "../config/secret_file.ts";
import { iqnBaseOf } from "../iscsi/default_name.ts";
import { DeclaredInitiator, emptyInitiator } from "./schema.ts";
import { initiatorStateFile } from "./state_paths.ts";

const HEADING =
  `# The declared state of sanctl's initiator. It is rewritten by sanctl: change it with the
# command line, or by hand while no service runs. The last line marks the end of a whole file.
`;

/** All that is declared. */
export interface Declared {
  readonly state: DeclaredInitiator;
  /** Those that the state refers to. */
  readonly secrets: SecretBook;
}

export class InitiatorStore {
  readonly directory: string;
  readonly #file: PrivateYamlFile;
  readonly #secretFile: SecretFile;
  readonly #secrets: ReferredSecrets;

  constructor(directory: string) {
    this.directory = directory;
    this.#file = new PrivateYamlFile({
      path: initiatorStateFile(directory),
      kind: "state file",
      heading: HEADING,
      remedy: "remove portals and persistent logins that are not needed",
    });
    this.#secretFile = new SecretFile({
      directory,
      referringFile: initiatorStateFile(directory),
      remedy: "remove persistent logins that need CHAP and are not needed",
      uses: "`chap`, `targetChap` and `mutualSecret`",
    });
    this.#secrets = new ReferredSecrets(this.#secretFile);
  }

  /** What is declared, without its secrets. */
  async load(): Promise<DeclaredInitiator> {
    const data = await this.#file.read();
    if (data === undefined) return emptyInitiator(iqnBaseOf(Deno.hostname()));
    const result = DeclaredInitiator.safeParse(data);
    if (result.success) return result.data;
    const issue = result.error.issues[0]!;
    const where = issue.path.join(".") || "the whole";
    throw this.#file.unusable(`${where}: ${issue.message}`, result.error);
  }

  /** With its secrets, for whoever holds the lock: otherwise they change meanwhile. */
  async loadAll(): Promise<Declared> {
    const state = await this.load();
    const secrets = await this.#secrets.load();
    for (const { what, secret } of secretUses(state)) {
      if (!secrets.has(secret)) throw this.#secretFile.misfit(`the secret for ${what} is missing`);
    }
    return { state, secrets: usedSecrets(state, secrets) };
  }

  /** Replaces the files; whoever calls holds the lock. */
  async save({ state, secrets }: Declared): Promise<void> {
    await this.#secrets.save(usedSecrets(state, secrets), () => this.#file.write(state));
  }
}

/** Every place of the state that refers to a secret. */
export function secretUses({ portals, targets, logins, mutualSecret }: DeclaredInitiator) {
  const places = [
    ...portals.map((it) => ({ ...it, of: `portal ${it.address}` })),
    ...targets.map((it) => ({ ...it, of: `target ${it.iqn}` })),
    ...logins.map((it) => ({ ...it, of: `the login to ${it.target}` })),
  ];
  const own = mutualSecret === undefined
    ? []
    : [{ what: "mutual CHAP of the initiator", secret: mutualSecret }];
  const others = places.flatMap(({ of, chap, targetChap }) => [
    ...(chap === undefined ? [] : [{ what: `CHAP of ${of}`, secret: chap.secret }]),
    ...(targetChap === undefined
      ? []
      : [{ what: `mutual CHAP of ${of}`, secret: targetChap.secret }]),
  ]);
  return [...own, ...others];
}

export function usedSecrets(state: DeclaredInitiator, secrets: SecretBook): SecretBook {
  const references = new Set(secretUses(state).map(({ secret }) => secret));
  return new Map([...secrets].filter(([reference]) => references.has(reference)));
}
