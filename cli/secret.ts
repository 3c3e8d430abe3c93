/** Secrets come from a prompt, standard input, a file, or chance; never from the command line. */
import { ChapSecret, SECRET_LENGTH } from "../lib/iscsi/chap/secret.ts";
import { ControlError } from "../lib/config/control_error.ts";
import { checkSecret } from "../lib/config/secret_rules.ts";
import type { Context } from "./context.ts";
import type { SecretFlags } from "./secret_flags.ts";

/** Octets of a file or an input that could be a secret. */
const MOST_OCTETS = 4096;

/** Six bits a character; none of them means anything to a shell or in a URL. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
/** 96 bits, and twice as many. */
const GENERATED_LENGTH = { usual: SECRET_LENGTH.usual, long: 2 * SECRET_LENGTH.usual } as const;

/** The secret that the flags stand for; without any, whoever sits at the terminal is asked. */
export async function readSecret(context: Context, flags: SecretFlags): Promise<string> {
  const { secretStdin = false, secretFile, generate = false, longSecret = false } = flags;
  const sources = [secretStdin, secretFile !== undefined, generate].filter((given) => given);
  if (sources.length > 1) {
    throw new ControlError(
      "usage",
      "the secret can come from one place only",
      "give one of --secret-stdin, --secret-file and --generate",
    );
  }
  if (generate) return generated(longSecret ? GENERATED_LENGTH.long : GENERATED_LENGTH.usual);
  if (secretFile !== undefined) return withoutEnd(await readFile(context, secretFile));
  if (secretStdin) return withoutEnd(await context.readInput(MOST_OCTETS));
  const { least, usual, most } = SECRET_LENGTH;
  const secret = await context.askHidden(
    `Secret (${least} to ${longSecret ? most : usual} octets)`,
  );
  // Before it is typed once more.
  checkSecret(new ChapSecret(secret), longSecret);
  if (await context.askHidden("The same again") === secret) return secret;
  throw new ControlError("usage", "the two secrets differ; nothing was changed", "type them again");
}

/** Where a secret that somebody else has made is taken from. */
export type SecretSource = Pick<SecretFlags, "secretStdin" | "secretFile">;

/** A secret that there is already: typed once, since whoever has it says whether it is right. */
export async function readKnownSecret(
  context: Context,
  what: string,
  { secretStdin = false, secretFile }: { [K in keyof SecretSource]: SecretSource[K] | undefined },
): Promise<string> {
  if (secretStdin && secretFile !== undefined) {
    throw new ControlError(
      "usage",
      "the secret can come from one place only",
      "give one of --secret-stdin and --secret-file",
    );
  }
  if (secretFile !== undefined) return withoutEnd(await readFile(context, secretFile));
  if (secretStdin) return withoutEnd(await context.readInput(MOST_OCTETS));
  return await context.askHidden(what);
}

function generated(length: number): string {
  for (;;) {
    const octets = crypto.getRandomValues(new Uint8Array(length));
    const secret = [...octets].map((octet) => ALPHABET[octet & 63]).join("");
    // Some initiators take what begins like a number for one.
    if (!/^0[xXbB]/.test(secret)) return secret;
  }
}

async function readFile({ output }: Context, path: string): Promise<string> {
  try {
    const { isFile, size, mode } = await Deno.stat(path);
    if (isFile && size > MOST_OCTETS) {
      throw new ControlError(
        "usage",
        `${path} has ${size} octets: that is no secret`,
        "give another",
      );
    }
    if (isFile && mode !== null && (mode & 0o077) !== 0) {
      output.note(`others can read ${path}, and with it the secret`);
    }
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof ControlError || !(error instanceof Error)) throw error;
    throw new ControlError(
      error instanceof Deno.errors.NotFound
        ? "not-found"
        : error instanceof Deno.errors.PermissionDenied
        ? "permission"
        : "failed",
      `the secret file ${path} could not be read`,
      "name a file that holds the secret and nothing else",
      { cause: error },
    );
  }
}

/** What editors and `echo` put behind the last line is no part of the secret. */
function withoutEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}
