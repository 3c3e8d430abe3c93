/** `sanctl target chap` and `sanctl target reverse-chap`. */
import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { switchFlag, TARGET_ARGUMENT, textFlag } from "../parameters.ts";
import { SECRET_FLAGS, type SecretFlags } from "../secret_flags.ts";

export interface ChapFlags extends SecretFlags {
  readonly user?: string;
  readonly discovery?: boolean;
  readonly off?: boolean;
}

export interface TargetChapFlags extends ChapFlags {
  readonly algorithms?: readonly string[];
}

const TARGET = {
  kind: "tuple",
  parameters: [{ ...TARGET_ARGUMENT, optional: true }],
} as const;

export const chap = buildCommand<TargetChapFlags, [name?: string], Context>({
  loader: () => import("../commands/target_chap.ts"),
  parameters: {
    flags: {
      user: textFlag("USER", "As whom initiators prove themselves, by custom their iSCSI name"),
      ...SECRET_FLAGS,
      algorithms: {
        kind: "parsed",
        parse: (text: string) => text.split(","),
        optional: true,
        placeholder: "LIST",
        brief: "Of sha3-256,sha256,sha1,md5 those that will do; as before without",
      },
      discovery: switchFlag("Before initiators discover targets, rather than log in to one"),
      off: switchFlag("Ask for no proof any more"),
    },
    positional: TARGET,
  },
  docs: {
    brief: "Ask initiators to prove by CHAP who they are",
    fullDescription:
      "Asks initiators to prove by CHAP who they are when they log in to a target.\n" +
      "The secret is asked for twice, or comes from where a flag says; 12 to 16 octets.",
  },
});

export const reverseChap = buildCommand<ChapFlags, [name?: string], Context>({
  loader: () => import("../commands/target_reverse_chap.ts"),
  parameters: {
    flags: {
      user: textFlag("USER", "As whom the target proves itself, by custom its iSCSI name"),
      ...SECRET_FLAGS,
      discovery: switchFlag("When initiators discover targets, rather than log in to one"),
      off: switchFlag("Prove nothing any more"),
    },
    positional: TARGET,
  },
  docs: {
    brief: "Prove to initiators who the target is (mutual CHAP)",
    fullDescription:
      "Proves to initiators who the target is, with a secret that is not that of CHAP, which\n" +
      "must be on. From then on initiators that do not ask for this proof are refused.",
  },
});
