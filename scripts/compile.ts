/**
 * `deno task compile [--download]`: makes the executable dist/sanctl.
 *
 * `deno compile` does it where its base is at hand: DENORT_BIN names one, it was downloaded before,
 * or `--download` lets it be fetched. Else the executable is a shell script with an archive behind
 * it, of this very Deno and the program as a code-split bundle; see sanctl.sh.
 */
import { VERSION } from "../lib/config/version.ts";
import { type ArchivedFile, tar } from "./tar.ts";

const OUTPUT = "dist/sanctl";

/** What a command may do, which asks nobody; sanctl.sh lets those do more who serve disks. */
const PERMISSIONS = ["read", "write", "net", "env", "sys"].map((name) => `--allow-${name}`);

/**
 * Of short-lived objects few live on, so that V8 need not set 48 MB aside for them: a thousand idle
 * sessions get along with 19 MB less, and the data path makes none.
 */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=2";

const RUN_FLAGS = [
  V8_FLAGS,
  "--quiet",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
];

async function main(args: readonly string[]): Promise<void> {
  await Deno.mkdir("dist", { recursive: true });
  if (await hasCompileBase(args)) await denoCompile();
  else await selfExtracting();
  const octets = await Deno.readFile(OUTPUT);
  await Deno.writeTextFile(`${OUTPUT}.sha256`, `${await sha256(octets)}  sanctl\n`);
  console.log(`${OUTPUT}: ${(octets.length / 1e6).toFixed(1)} MB`);
}

/** Whether `deno compile` would have to fetch nothing, or may. */
async function hasCompileBase(args: readonly string[]): Promise<boolean> {
  if (args.includes("--download") || Deno.env.has("DENORT_BIN")) return true;
  const { stdout } = await deno(["info", "--json"]);
  const { denoDir } = JSON.parse(stdout) as { denoDir: string };
  const base = `${denoDir}/dl/release/v${Deno.version.deno}/denort-${Deno.build.target}.zip`;
  return await Deno.stat(base).then(({ isFile }) => isFile, () => false);
}

async function denoCompile(): Promise<void> {
  const output = `${OUTPUT}.new`;
  await deno([
    "compile",
    "--no-prompt",
    V8_FLAGS,
    "--allow-all",
    "--output",
    output,
    "cli/main.ts",
  ]);
  await Deno.rename(output, OUTPUT);
}

async function selfExtracting(): Promise<void> {
  const files = [...await bundle(), await runtime()];
  const stub = await Deno.readTextFile("scripts/sanctl.sh");
  const id = (await contentId(files, stub)).slice(0, 32);
  if (await isUpToDate(id)) return;
  const payload = await gzip(files);
  const { os, arch } = Deno.build;
  const system = os === "darwin" ? "Darwin" : "Linux";
  const machine = os === "darwin" && arch === "aarch64" ? "arm64" : arch;
  const values: Record<string, string> = {
    VERSION,
    ID: id,
    SHA256: await sha256(payload),
    LINES: String(stub.split("\n").length),
    PLATFORM: `${system}-${machine}`,
    FLAGS: RUN_FLAGS.join(" "),
    PERMISSIONS: PERMISSIONS.join(" "),
  };
  const script = stub.replace(/@([A-Z0-9]+)@/g, (_, name: string) => values[name]!);
  const output = `${OUTPUT}.${crypto.randomUUID()}`;
  await Deno.writeFile(output, concatenate([new TextEncoder().encode(script), payload]));
  await Deno.chmod(output, 0o755);
  await Deno.rename(output, OUTPUT);
}

/** The program: an entry, and a chunk for whatever is loaded later. */
async function bundle(): Promise<ArchivedFile[]> {
  const folder = await Deno.makeTempDir({ prefix: "sanctl-bundle-" });
  try {
    // Its browser mode keeps node:module, and 20 ms of start-up, out of what every command loads.
    const mode = ["--platform", "browser", "--code-splitting"];
    await deno(["bundle", "--quiet", "--frozen", ...mode, "--outdir", folder, "cli/main.ts"]);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    return await Promise.all(names.map(async (name) => ({
      name,
      octets: await Deno.readFile(`${folder}/${name}`),
      executable: false,
    })));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runtime(): Promise<ArchivedFile> {
  return { name: "deno", octets: await Deno.readFile(Deno.execPath()), executable: true };
}

/** Names what would be packed: equal inputs make the same executable. */
async function contentId(files: readonly ArchivedFile[], stub: string): Promise<string> {
  const sums = await Promise.all(
    files.map(async ({ name, octets }) => `${name} ${await sha256(octets)}\n`),
  );
  const all = sums.join("") + stub + RUN_FLAGS + PERMISSIONS + VERSION;
  return await sha256(new TextEncoder().encode(all));
}

async function isUpToDate(id: string): Promise<boolean> {
  try {
    using file = await Deno.open(OUTPUT);
    const head = new Uint8Array(1024);
    await file.read(head);
    return new TextDecoder().decode(head).includes(`\nid=${id}\n`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function gzip(files: readonly ArchivedFile[]): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = ReadableStream.from(tar(files)).pipeThrough(new CompressionStream("gzip"));
  return await new Response(compressed).bytes();
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

async function sha256(octets: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

async function deno(args: string[]): Promise<{ stdout: string }> {
  const command = new Deno.Command(Deno.execPath(), { args, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return { stdout: decoder.decode(stdout) };
  console.error(decoder.decode(stderr));
  console.error(`deno ${args[0]} failed: ${OUTPUT} was not made`);
  Deno.exit(1);
}

await main(Deno.args);
