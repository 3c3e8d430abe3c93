/**
 * Makes a file system in a sparse file, by the program of the system that makes it on a disk: so it
 * can be made for a disk that the kernel knows nothing of.
 */
import { findProgram } from "../runtime/program.ts";
import { FILE_SYSTEMS, type FileSystemKind, type NewFileSystem } from "./file_system.ts";
import { FormatFailed } from "./format_error.ts";

/** Lines of what a program says that are passed on. */
const MOST_LINES = 3;

/** Refuses what cannot be made, before anything is touched; answers the program that makes it. */
export async function requireProgram(made: NewFileSystem): Promise<string> {
  const kind = FILE_SYSTEMS[made.name];
  const { label, blockLengths, programs } = kind;
  if (!blockLengths.includes(made.blockLength)) {
    throw new FormatFailed(
      "failed",
      `${programs[0]} cannot make ${made.name} for blocks of ${made.blockLength} octets in a file`,
      "choose another file system, or attach the disk and run it on the block device",
    );
  }
  if (made.label !== undefined && labelLength(made) > label.most) {
    throw new FormatFailed(
      "usage",
      `the label ${JSON.stringify(made.label)} is too long for ${made.name}`,
      `give one of at most ${label.most} characters`,
    );
  }
  for (const each of programs) {
    const program = await findProgram(each);
    if (program !== undefined) return program;
  }
  throw new FormatFailed(
    "not-found",
    `${made.name} is made by ${programs[0]}, which is not on this machine`,
    `install it: on Debian, apt install ${kind.package}`,
  );
}

/** What ext4 and FAT keep is octets; the others count UTF-16. */
function labelLength({ name, label = "" }: NewFileSystem): number {
  const isOctets = name === "ext4" || name === "vfat";
  return isOctets ? new TextEncoder().encode(label).length : label.length;
}

/** Runs the program on a file that is as large as the disk, and all hole. */
export async function makeFileSystem(
  file: string,
  made: NewFileSystem,
  program: string,
  signal?: AbortSignal,
): Promise<void> {
  const kind = FILE_SYSTEMS[made.name];
  const command = new Deno.Command(program, {
    args: [...kind.args(made), ...labelArgs(kind, made), file],
    env: { ...kind.environment, LC_ALL: "C" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(signal === undefined ? {} : { signal }),
  });
  const { success, stdout, stderr } = await command.output();
  signal?.throwIfAborted();
  if (success) return;
  const decoder = new TextDecoder();
  const said = decoder.decode(stderr).trim() || decoder.decode(stdout).trim();
  const lines = said.split("\n").map((line) => line.replaceAll(file, "the disk").trim());
  throw new FormatFailed(
    "failed",
    `${kind.programs[0]} failed: ${lines.slice(-MOST_LINES).join("; ")}`,
    "nothing was changed on the disk",
  );
}

function labelArgs(kind: FileSystemKind, { label }: NewFileSystem): string[] {
  return label === undefined ? [] : [kind.label.option, label];
}
