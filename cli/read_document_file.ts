/** Reads the document that a command is given: a file, or what comes on standard input. */
import { ControlError } from "../lib/config/control_error.ts";
import { isStandardStream } from "./standard_stream.ts";

/** Octets; no document is larger, and what is larger is no document. */
const MOST_OCTETS = 4 << 20;

/** The text of the file; `-` stands for standard input. */
export async function readDocumentFile(file: string): Promise<string> {
  const octets = isStandardStream(file)
    ? await readAll(Deno.stdin, "standard input")
    : await readFile(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (error) {
    const nextStep = "save it as UTF-8";
    throw new ControlError("usage", `${file} is not UTF-8`, nextStep, { cause: error });
  }
}

async function readFile(file: string): Promise<Uint8Array> {
  try {
    using opened = await Deno.open(file);
    if ((await opened.stat()).isDirectory) {
      throw new ControlError("usage", `${file} is a directory`, "name a file in it");
    }
    return await readAll(opened, file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      const nextStep = "see whether its path is right; sanctl export FILE writes one";
      throw new ControlError("not-found", `there is no file ${file}`, nextStep, { cause: error });
    }
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    const nextStep = "run the command as a user who may";
    throw new ControlError("permission", `no permission to read ${file}`, nextStep, {
      cause: error,
    });
  }
}

interface Reader {
  read(into: Uint8Array): Promise<number | null>;
}

async function readAll(reader: Reader, name: string): Promise<Uint8Array> {
  let octets = new Uint8Array(64 << 10);
  let length = 0;
  for (;;) {
    if (length > MOST_OCTETS) {
      const nextStep = `a document has at most ${MOST_OCTETS}`;
      throw new ControlError("usage", `${name} has more than ${MOST_OCTETS} octets`, nextStep);
    }
    if (length === octets.length) {
      const larger = new Uint8Array(octets.length * 2);
      larger.set(octets);
      octets = larger;
    }
    const count = await reader.read(octets.subarray(length));
    if (count === null) return octets.subarray(0, length);
    length += count;
  }
}
