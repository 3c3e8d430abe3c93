/**
 * Writes a tar archive (POSIX.1-1988 ustar) whose octets depend on the files' names and contents
 * alone.
 */

export interface ArchivedFile {
  readonly name: string;
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly executable: boolean;
}

const BLOCK = 512;

/** The archive in pieces, in the order in which the files are given. */
export function* tar(files: readonly ArchivedFile[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const file of files) {
    yield header(file);
    yield file.octets;
    yield new Uint8Array(-file.octets.length & (BLOCK - 1));
  }
  yield new Uint8Array(2 * BLOCK);
}

function header({ name, octets, executable }: ArchivedFile): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();

  function put(at: number, text: string): void {
    block.set(encoder.encode(text), at);
  }

  function putOctal(at: number, length: number, value: number): void {
    put(at, value.toString(8).padStart(length - 1, "0"));
  }

  if (encoder.encode(name).length > 100) {
    throw new RangeError(`${name} is too long for a tar header`);
  }
  put(0, name);
  putOctal(100, 8, executable ? 0o700 : 0o600);
  putOctal(108, 8, 0); // uid
  putOctal(116, 8, 0); // gid
  putOctal(124, 12, octets.length);
  putOctal(136, 12, 0); // mtime
  put(148, " ".repeat(8)); // the checksum counts its own field as spaces
  put(156, "0"); // a regular file
  put(257, "ustar\u000000");
  const sum = block.reduce((total, octet) => total + octet, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}
