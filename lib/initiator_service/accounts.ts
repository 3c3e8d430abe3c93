/** By what a login proves who is who, as it is declared and as sessions use it. */
import { checkChapUser } from "../config/chap_user.ts";
import { ControlError } from "../config/control_error.ts";
import { resolveSecret, type SecretBook } from "../config/secret_book.ts";
import { checkSecret } from "../config/secret_rules.ts";
import type { ChapAccounts } from "../initiator/chap.ts";
import { type ChapCredentials, ChapSecret } from "../iscsi/chap/secret.ts";
import type { ChapAccount, NewAuthentication } from "./control.ts";
import type { DeclaredAccount } from "./schema.ts";

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
    target: targetChap === undefined ? undefined : credentials(targetChap),
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

function credentials({ user, secret: text }: ChapAccount): ChapCredentials {
  const secret = new ChapSecret(text);
  // Targets may take longer ones; it is for them to say so.
  checkSecret(secret, true);
  return { user: checkChapUser(user), secret };
}

export interface DeclaredAccounts {
  readonly chap?: DeclaredAccount | undefined;
  readonly targetChap?: DeclaredAccount | undefined;
}

/** The accounts with their secrets behind new references. */
export function declareAccounts(
  accounts: ChapAccounts | undefined,
): { readonly declared: DeclaredAccounts; readonly secrets: SecretBook } {
  const secrets = new Map<string, ChapSecret>();
  const declare = (user: string, secret: ChapSecret): DeclaredAccount => {
    const reference = crypto.randomUUID();
    secrets.set(reference, secret);
    return { user, secret: reference };
  };
  if (accounts === undefined) return { declared: {}, secrets };
  const { initiator, target } = accounts;
  const declared = {
    chap: declare(initiator.user, initiator.secret),
    ...(target === undefined ? {} : { targetChap: declare(target.user ?? "", target.secret) }),
  };
  return { declared, secrets };
}

/** The accounts that were declared. */
export function accountsOf(
  { chap, targetChap }: DeclaredAccounts,
  secrets: SecretBook,
): ChapAccounts | undefined {
  if (chap === undefined) return undefined;
  const resolve = ({ user, secret }: DeclaredAccount): ChapCredentials => ({
    user,
    secret: resolveSecret(secrets, secret),
  });
  return {
    initiator: resolve(chap),
    target: targetChap === undefined ? undefined : resolve(targetChap),
  };
}
