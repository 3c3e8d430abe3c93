/** `sanctl disk check`: what it takes. */
import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { DISK_ARGUMENT, switchFlag } from "../parameters.ts";

export interface DiskCheckFlags {
  readonly repair?: boolean;
  readonly parent?: string;
}

export const check = buildCommand<DiskCheckFlags, [disk: string], Context>({
  loader: () => import("../commands/disk_check.ts"),
  parameters: {
    flags: {
      repair: switchFlag("Put right what that can be done to without a doubt"),
      parent: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Its parent; looked for beside it without",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        ...DISK_ARGUMENT,
        brief: "The name of a disk or of a snapshot, or an image file",
        placeholder: "NAME|FILE",
      }],
    },
  },
  docs: { brief: "Look for damage in an image file and its parents, and repair it" },
});
