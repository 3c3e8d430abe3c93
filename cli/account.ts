/** By what a login proves who is who, from flags, files, prompts: never from the command line. */
import { ControlError } from "../lib/config/control_error.ts";
import type { NewAuthentication } from "../lib/initiator_service/control.ts";
import type { Context } from "./context.ts";
import type { AccountFlags } from "./routes/account.ts";
import { readKnownSecret } from "./secret.ts";

export async function readAccounts(
  context: Context,
  flags: AccountFlags,
): Promise<NewAuthentication> {
  const { chapUser, secretStdin, secretFile, targetUser, targetSecretFile } = flags;
  const stray = chapUser === undefined && (secretStdin || secretFile !== undefined);
  if (stray || (targetUser === undefined && targetSecretFile !== undefined)) {
    throw new ControlError(
      "usage",
      "a secret is given without a user",
      "give --chap-user, or --target-user for what the target has to prove",
    );
  }
  if (chapUser === undefined && targetUser === undefined) return {};
  return {
    ...(chapUser === undefined ? {} : {
      chap: {
        user: chapUser,
        secret: await readKnownSecret(context, `Secret of ${chapUser}`, {
          secretStdin,
          secretFile,
        }),
      },
    }),
    ...(targetUser === undefined ? {} : {
      targetChap: {
        user: targetUser,
        secret: await readKnownSecret(context, `Secret of target ${targetUser}`, {
          secretFile: targetSecretFile,
        }),
      },
    }),
  };
}
