import type { VersionFacts } from "../../lib/config/facts.ts";
import { VERSION } from "../../lib/config/version.ts";
import type { Context } from "../context.ts";

export default async function (this: Context): Promise<void> {
  this.output.facts(
    this.flags.server === undefined ? own() : await (await this.control()).version(),
    ({ version, deno, platform }) => `sanctl ${version} (Deno ${deno}, ${platform})`,
  );
}

function own(): VersionFacts {
  const { os, arch } = Deno.build;
  return { version: VERSION, deno: Deno.version.deno, platform: `${os} ${arch}` };
}
