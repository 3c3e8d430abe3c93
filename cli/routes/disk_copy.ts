/** `sanctl disk copy` and `convert`: what they take. */
import { buildCommand } from "@stricli/core";
import type { ImageType } from "../../lib/image_copy.ts";
import type { Context } from "../context.ts";
import { parseDestination, switchFlag, YES_FLAG } from "../parameters.ts";

export interface DiskCopyFlags {
  readonly type?: ImageType | undefined;
  readonly verify?: boolean;
  readonly yes?: boolean;
}

/** What all that copy into a file are asked. */
export const COPY_FLAGS = {
  type: {
    kind: "enum",
    values: ["raw", "fixed", "dynamic"],
    optional: true,
    brief: "What a new file becomes; without, .vhd makes a fixed VHD",
  },
  verify: switchFlag("Read both again at the end, and compare them"),
} as const;

const FLAGS = { ...COPY_FLAGS, yes: YES_FLAG } as const;

function operands(destination: string) {
  return {
    kind: "tuple",
    parameters: [
      {
        brief: "An image file, or a device's URL: file:, vhd:, nbd:, iscsi:",
        placeholder: "SOURCE",
        parse: String,
      },
      { brief: destination, placeholder: "DESTINATION", parse: parseDestination },
    ],
  } as const;
}

export const copy = buildCommand<DiskCopyFlags, [source: string, destination: string], Context>({
  loader: () => import("../commands/disk_copy.ts"),
  parameters: {
    flags: FLAGS,
    positional: operands("A new file, a block device, or a device's URL"),
  },
  docs: { brief: "Copy a disk from anywhere to anywhere" },
});

export const convert = buildCommand<DiskCopyFlags, [source: string, destination: string], Context>({
  loader: () => import("../commands/disk_convert.ts"),
  parameters: { flags: FLAGS, positional: operands("The file to make") },
  docs: { brief: "Make an image file of another type" },
});
