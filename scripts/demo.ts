/**
 * `deno task demo`: a disk and a target on loopback, in a scratch directory that is gone
 * afterwards. It runs the commands that a person would, prints them, and then what to try; Ctrl-C
 * ends it.
 */

const MAIN = new URL("../cli/main.ts", import.meta.url).pathname;

let service: Service | undefined;
let interrupted = false;

async function main(): Promise<number> {
  // Before there is anything to clean up.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, end);
  const folder = await Deno.makeTempDir({ prefix: "sanctl-demo-" });
  try {
    return await demonstrate(folder);
  } catch (error) {
    if (!interrupted) console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
    console.log(`ended; ${folder} is removed`);
  }
}

function end(): void {
  interrupted = true;
  service?.child.kill("SIGTERM");
}

async function demonstrate(folder: string): Promise<number> {
  const state = `${folder}/state`;
  await run(state, "target create demo --allow any --description Demonstration");
  await run(state, `disk create ${folder}/demo.vhd --size 64M --target demo`);
  service = await serve(state);
  if (interrupted) end();
  const [target] = JSON.parse(await output(state, "target list --json")) as [{ iqn: string }];
  console.log(whatToTry(state, service, target.iqn));
  return (await service.child.status).code;
}

interface Service {
  readonly child: Deno.ChildProcess;
  readonly portal: string;
  readonly dashboard: string;
}

/** Starts the service on free ports, and waits until it says that it is ready. */
async function serve(state: string): Promise<Service> {
  const words = "target serve --portal 127.0.0.1:0 --http 127.0.0.1:0 --quiet";
  const child = sanctl(state, words, { stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let ready = "";
  while (!ready.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the service ended before it was ready");
    ready += value;
  }
  const portal = /portal=(\S+)/.exec(ready)![1]!;
  return { child, portal, dashboard: /http=(\S+)/.exec(ready)![1]! };
}

function whatToTry(state: string, { portal, dashboard }: Service, iqn: string): string {
  const url = `iscsi://${portal}/${iqn}/0`;
  const command = `npx -y deno@2.9.6 task sanctl --state-dir ${state}`;
  return `
The disk is served. Its URL for iSCSI programs:
  ${url}

Try, in another terminal:
  iscsi-ls -s iscsi://${portal}/                              (Debian: libiscsi-bin)
  iscsi-inq ${url}
  qemu-img info ${url}   (qemu-utils qemu-block-extra)
  qemu-io -f raw -c 'write -P 7 0 1M' -c 'read -P 7 0 1M' ${url}

  ${command} status
  ${command} target sessions
  ${command} disk create mem:second --size 32M --target demo

The dashboard: ${dashboard}
Ctrl-C ends the demonstration.
`;
}

function sanctl(state: string, words: string, options: Deno.CommandOptions): Deno.Command {
  const args = ["run", "-A", "--quiet", MAIN, "--state-dir", state, ...words.split(" ")];
  return new Deno.Command(Deno.execPath(), { args, stdin: "null", ...options });
}

async function run(state: string, words: string): Promise<void> {
  console.log(`$ sanctl ${words}`);
  const { success } = await sanctl(state, words, { stdout: "inherit", stderr: "inherit" }).output();
  if (!success) throw new Error(`sanctl ${words} failed`);
}

async function output(state: string, words: string): Promise<string> {
  const { stdout } = await sanctl(state, words, { stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout);
}

Deno.exit(await main());
