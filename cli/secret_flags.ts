/** Flags that say where a secret comes from. */
import { switchFlag, textFlag } from "./parameters.ts";

export interface SecretFlags {
  readonly secretStdin?: boolean;
  readonly secretFile?: string;
  readonly generate?: boolean;
  readonly longSecret?: boolean;
}

export const SECRET_FLAGS = {
  secretStdin: switchFlag("Read the secret from standard input"),
  secretFile: textFlag("FILE", "Read the secret from a file"),
  generate: switchFlag("Make a secret up, and print it this once"),
  longSecret: switchFlag("Take a secret of up to 255 octets, which few initiators can use"),
} as const;
