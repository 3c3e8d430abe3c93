/** By what a login proves who is who, as it is declared and as sessions use it. */
import { checkChapUser } from "../config/chap_user.ts";
import { ControlError } from "../config/control_error.ts";
import { resolveSecret, type SecretBook } from "../config/secret_book.ts";
import { checkSecret } from "../config/secret_rules.ts";
import type { ChapAccounts } from "../initiator/chap.ts";
import type { Expected } from "../iscsi/chap/proof.ts";
import { type ChapCredentials, ChapSecret } from "../iscsi/chap/secret.ts";
import type { ChapAccount, ExpectedAccount, NewAuthentication } from "./control.ts";
import type { DeclaredAccount, DeclaredInitiator, DeclaredTargetAccount } from "./schema.ts";

/** Refuses accounts that will not do, alone or together; undefined: nothing is proved. */
export function checkAccounts({ chap, targetChap }: NewAuthentication): ChapAccounts | undefined {
  if (chap === undefined) {
    if (targetChap === undefined) return undefined;
    throw new ControlError(
      "usage",
      "the target is to prove itself, and we are not: mutual CHAP goes with CHAP alone",
      "give --chap-user too",
    );
  }
  const accounts = {
    initiator: credentials(chap),
    target: targetChap === undefined ? undefined : expected(targetChap),
  };
  if (accounts.target?.secret.equals(accounts.initiator.secret)) {
    throw new ControlError(
      "usage",
      "both sides would prove themselves by the same secret, and who knows one could pass for both",
      "use different secrets",
    );
  }
  return accounts;
}

function credentials({ user, secret }: ChapAccount): ChapCredentials {
  return { user: checkChapUser(user), secret: checkedSecret(secret) };
}

function expected({ user, secret }: ExpectedAccount): Expected {
  return {
    ...(user === undefined ? {} : { user: checkChapUser(user) }),
    secret: checkedSecret(secret),
  };
}

/** Targets may take longer ones; it is for them to say so. */
export function checkedSecret(text: string): ChapSecret {
  const secret = new ChapSecret(text);
  checkSecret(secret, true);
  return secret;
}

export interface DeclaredAccounts {
  readonly chap?: DeclaredAccount | undefined;
  readonly targetChap?: DeclaredTargetAccount | undefined;
}

/** The accounts with their secrets behind new references. */
export function declareAccounts(
  accounts: ChapAccounts | undefined,
): { readonly declared: DeclaredAccounts; readonly secrets: SecretBook } {
  const secrets = new Map<string, ChapSecret>();
  const declare = (secret: ChapSecret): string => {
    const reference = crypto.randomUUID();
    secrets.set(reference, secret);
    return reference;
  };
  const declaredTarget = (user: string | undefined, secret: ChapSecret) => ({
    ...(user === undefined ? {} : { user }),
    secret: declare(secret),
  });
  if (accounts === undefined) return { declared: {}, secrets };
  const { initiator, target } = accounts;
  const declared = {
    chap: { user: initiator.user, secret: declare(initiator.secret) },
    ...(target === undefined ? {} : { targetChap: declaredTarget(target.user, target.secret) }),
  };
  return { declared, secrets };
}

/** The accounts that were declared. */
export function accountsOf(
  { chap, targetChap }: DeclaredAccounts,
  secrets: SecretBook,
): ChapAccounts | undefined {
  if (chap === undefined) return undefined;
  const { user, secret } = chap;
  return {
    initiator: { user, secret: resolveSecret(secrets, secret) },
    target: targetChap === undefined
      ? undefined
      : { user: targetChap.user, secret: resolveSecret(secrets, targetChap.secret) },
  };
}

/** The accounts with that of the target, where it is to prove itself by the initiator's own. */
export function withMutualSecret(
  { mutual, ...asked }: NewAuthentication,
  { mutualSecret }: DeclaredInitiator,
  secrets: SecretBook,
): NewAuthentication {
  if (!mutual || asked.targetChap !== undefined) return asked;
  if (mutualSecret === undefined) {
    throw new ControlError(
      "usage",
      "the target is to prove itself by the initiator's own secret, and there is none",
      "set one (iscsicli CHAPSecret), or give the target's with --mutual-user",
    );
  }
  return { ...asked, targetChap: { secret: resolveSecret(secrets, mutualSecret).reveal().text } };
}
