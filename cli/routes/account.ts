/** Flags by which a login says how it proves who is who, and how its data is checked. */
import { switchFlag, textFlag } from "../parameters.ts";

export interface AccountFlags {
  readonly chapUser?: string;
  readonly secretStdin?: boolean;
  readonly secretFile?: string;
  readonly targetUser?: string;
  readonly targetSecretFile?: string;
}

export const ACCOUNT_FLAGS = {
  chapUser: textFlag("USER", "Prove by CHAP to be this user; the secret is asked for"),
  secretStdin: switchFlag("Read the secret from standard input"),
  secretFile: textFlag("FILE", "Read the secret from a file"),
  targetUser: textFlag("USER", "Have the target prove to be this user too: mutual CHAP"),
  targetSecretFile: textFlag(
    "FILE",
    "Read the target's secret from a file; it is asked for without",
  ),
} as const;

export interface DigestFlags {
  readonly headerDigest?: boolean;
  readonly dataDigest?: boolean;
}

export const DIGEST_FLAGS = {
  headerDigest: switchFlag("Check the headers of all PDUs with CRC32C"),
  dataDigest: switchFlag("Check all data with CRC32C"),
} as const;
