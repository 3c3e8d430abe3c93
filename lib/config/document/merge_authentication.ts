/** What must be proved to a target, or for discovery, with a document put into it. */
import { CHAP_ALGORITHMS } from "../../iscsi/chap/algorithm.ts";
import { ChapSecret } from "../../iscsi/chap/secret.ts";
import type { DeclaredAuthentication, DeclaredChap, DeclaredReverseChap } from "../schema.ts";
import type { SecretBook } from "../secret_book.ts";
import { checkSecret } from "../secret_rules.ts";
import type { DataPath } from "../control_error.ts";
import type { DocumentAuthentication, DocumentReverseChap } from "./document.ts";
import { overlaid } from "./overlaid.ts";
import { inPlace, placedError } from "./place.ts";

export interface Secrets {
  /** Those that there are. */
  readonly present: SecretBook;
  /** Those of the document are put here. */
  readonly added: Map<string, ChapSecret>;
  /** A UUID for what is new: the same for the same thing. */
  readonly draw: (what: string) => string;
}

interface Asked {
  readonly path: DataPath;
  readonly secrets: Secrets;
}

export function mergeAuthentication(
  present: DeclaredAuthentication,
  { chap, reverseChap }: DocumentAuthentication,
  asked: Asked,
): DeclaredAuthentication {
  const merged = {
    chap: chap === undefined ? present.chap : chap && mergeChap(present.chap, chap, asked),
    reverseChap: reverseChap === undefined
      // It goes with CHAP, and away with it.
      ? chap === null ? null : present.reverseChap
      : reverseChap && mergeReverseChap(present.reverseChap, reverseChap, {
        ...asked,
        path: [...asked.path, "reverseChap"],
      }),
  };
  if (merged.reverseChap && !merged.chap) {
    throw placedError(
      [...asked.path, "reverseChap"],
      "usage",
      "initiators are asked for no CHAP, and reverse CHAP goes with it alone",
      "give chap too, or leave out reverseChap",
    );
  }
  return overlaid<DeclaredAuthentication>({}, merged);
}

function mergeChap(
  present: DeclaredChap | undefined,
  chap: NonNullable<DocumentAuthentication["chap"]>,
  asked: Asked,
): DeclaredChap {
  const { algorithms, ...rest } = chap;
  return {
    ...mergeReverseChap(present, rest, { ...asked, path: [...asked.path, "chap"] }),
    algorithms: algorithms ?? present?.algorithms ?? CHAP_ALGORITHMS.map(({ name }) => name),
  };
}

function mergeReverseChap(
  present: DeclaredReverseChap | undefined,
  chap: DocumentReverseChap,
  asked: Asked,
): DeclaredReverseChap {
  const { path } = asked;
  const user = chap.user ?? present?.user;
  if (user === undefined) {
    throw placedError(path, "usage", "there is no user", "give one, such as the initiator's name");
  }
  const longSecret = chap.longSecret ?? present?.longSecret ?? false;
  const secret = secretOf(present, { ...chap, longSecret }, asked);
  return { user, secret, longSecret };
}

/** The reference to the secret: the present one, where it is that. */
function secretOf(
  present: DeclaredReverseChap | undefined,
  { secret: text, secretReference, longSecret }: DocumentReverseChap,
  { path, secrets }: Asked,
): string {
  if (text !== undefined) {
    const secret = new ChapSecret(text);
    inPlace([...path, "secret"], () => checkSecret(secret, longSecret ?? false));
    if (present !== undefined && secrets.present.get(present.secret)?.equals(secret)) {
      return present.secret;
    }
    const reference = secrets.draw(`secret ${path.join(".")}`);
    secrets.added.set(reference, secret);
    return reference;
  }
  const reference = secretReference ?? present?.secret;
  if (reference === undefined) {
    throw placedError(path, "usage", "there is no secret", "give one of 12 to 16 octets");
  }
  if (secrets.present.has(reference)) return reference;
  throw placedError(
    [...path, "secretReference"],
    "not-found",
    `this server keeps no secret under ${reference}`,
    "give the secret itself: sanctl export --secrets writes it",
  );
}
