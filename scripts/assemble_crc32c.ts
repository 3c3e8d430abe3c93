/**
 * Makes lib/wire/crc32c_module.ts out of lib/wire/crc32c.wat:
 *
 *     deno run -A scripts/assemble_crc32c.ts
 */
import wabt from "wabt";

const SOURCE = new URL("../lib/wire/crc32c.wat", import.meta.url);
const MODULE = new URL("../lib/wire/crc32c_module.ts", import.meta.url);
const LINE_LENGTH = 92;

/** The module that the text assembles to, as base64. */
export async function assembleCrc32c(): Promise<string> {
  const assembler = await wabt();
  const source = await Deno.readTextFile(SOURCE);
  const module = assembler.parseWat("crc32c.wat", source, { simd: true, bulk_memory: true });
  try {
    module.validate();
    return module.toBinary({}).buffer.toBase64();
  } finally {
    module.destroy();
  }
}

function emitModule(base64: string): string {
  const lines = base64.match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return [
    "/** The WebAssembly module of crc32c.wat; made by scripts/assemble_crc32c.ts. */",
    "export const CRC32C_MODULE =",
    lines.map((line) => `  "${line}"`).join(" +\n") + ";",
    "",
  ].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(MODULE, emitModule(await assembleCrc32c()));
