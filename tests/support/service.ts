/** A service with targets and disks of a test's own, as initiators that we did not write meet it. */
import { type Sanctl, withSanctl } from "./sanctl.ts";
import { Serving } from "./serving.ts";

export interface TestDisk {
  /** `mem:NAME`, or the name of a file among the test's own. */
  readonly file: string;
  readonly size: string;
  /** Further words of `disk create`. */
  readonly options?: string;
  readonly readOnly?: boolean;
}

export interface TestDeclaration {
  /** Each target's disks, in the order of their LUNs. */
  readonly targets: Readonly<Record<string, readonly TestDisk[]>>;
  /** Who may log in; anybody without. */
  readonly allow?: string;
  /** Further portals besides the one on 127.0.0.1. */
  readonly portals?: readonly string[];
}

export class Service {
  readonly sanctl: Sanctl;
  readonly #options: readonly string[];
  #serving: Serving | undefined;

  private constructor(sanctl: Sanctl, portals: readonly string[]) {
    this.sanctl = sanctl;
    this.#options = portals.flatMap((portal) => ["--portal", portal]);
  }

  /** Declares what is to be served, with the commands of an operator. */
  static async declare(sanctl: Sanctl, declaration: TestDeclaration): Promise<Service> {
    const { targets, allow = "any", portals = [] } = declaration;
    for (const [target, disks] of Object.entries(targets)) {
      await sanctl.ok(`target create ${target} --iqn ${iqn(target)} --allow ${allow}`);
      for (const disk of disks) await createDisk(sanctl, target, disk);
    }
    return new Service(sanctl, portals);
  }

  async start(): Promise<void> {
    this.#serving = await Serving.start(this.sanctl, this.#options);
  }

  /** Ends it in order; its log is the answer. Nothing to do where it does not run. */
  async stop(): Promise<string> {
    return await this.#end("SIGTERM");
  }

  /** Ends it as a crash would. */
  async kill(): Promise<string> {
    return await this.#end("SIGKILL");
  }

  async #end(signal: Deno.Signal): Promise<string> {
    const serving = this.#serving;
    this.#serving = undefined;
    return serving === undefined ? "" : (await serving.end(signal)).log;
  }

  /** The running service. */
  get serving(): Serving {
    if (this.#serving === undefined) throw new Error("the service does not run");
    return this.#serving;
  }

  /** The resident memory of its process, in octets. */
  get residentMemory(): number {
    const status = Deno.readTextFileSync(`/proc/${this.serving.pid}/status`);
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  /** What libiscsi and qemu take for an address: `iscsi://PORTAL/IQN/LUN`. */
  url(target: string, lun = 0, portal = 0): string {
    return `iscsi://${this.serving.portals[portal]!}/${iqn(target)}/${lun}`;
  }
}

/** The iSCSI name of a test's target. */
export function iqn(target: string): string {
  return `iqn.2026-01.org.example:${target}`;
}

async function createDisk(sanctl: Sanctl, target: string, disk: TestDisk): Promise<void> {
  const { file, size, options = "", readOnly = false } = disk;
  const path = file.startsWith("mem:") ? file : `{}/${file}`;
  const name = file.replace(/^mem:|\.[a-z]+$/g, "");
  await sanctl.ok(`disk create ${path} --name ${name} --size ${size} ${options}`.trim());
  await sanctl.ok(`disk assign ${name} ${target} ${readOnly ? "--read-only" : ""}`.trim());
}

/** Gives `use` a running service of its own, and leaves nothing of it behind. */
export function withService(
  declaration: TestDeclaration,
  use: (service: Service) => Promise<void>,
): Promise<void> {
  return withSanctl(async (sanctl) => {
    const service = await Service.declare(sanctl, declaration);
    try {
      await service.start();
      await use(service);
    } finally {
      await service.stop();
    }
  });
}
