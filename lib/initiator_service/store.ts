/** Keeps what is declared of the initiator. */
import { type DeclaredKind, DeclaredStore } from "../config/declared_store.ts";
import type { Declared as DeclaredOf, SecretBook } from "../config/secret_book.ts";
import { DeclaredInitiator, emptyInitiator } from "./schema.ts";
import { initiatorStateFile } from "./state_paths.ts";

/** All that is declared. */
export type Declared = DeclaredOf<DeclaredInitiator>;

const KIND: DeclaredKind<DeclaredInitiator> = {
  of: "sanctl's initiator",
  path: initiatorStateFile,
  schema: DeclaredInitiator,
  empty: emptyInitiator,
  references: (state) => secretUses(state).map(({ secret }) => secret),
  secretProblem,
  remedy: "remove portals and persistent logins that are not needed",
  secretRemedy: "remove persistent logins that need CHAP and are not needed",
  secretUses: "`chap`, `targetChap` and `mutualSecret`",
};

export class InitiatorStore extends DeclaredStore<DeclaredInitiator> {
  constructor(directory: string) {
    super(directory, KIND);
  }
}

function secretProblem(state: DeclaredInitiator, secrets: SecretBook): string | undefined {
  const missing = secretUses(state).find(({ secret }) => !secrets.has(secret));
  return missing && `the secret for ${missing.what} is missing`;
}

/** Every place of the state that refers to a secret. */
function secretUses({ portals, targets, logins, mutualSecret }: DeclaredInitiator) {
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
