/** Help texts: Stricli's for each command, with the flags that every command takes below them. */
import type { StricliIntegration } from "@stricli/core";
import type { Context } from "./context.ts";
import { GLOBAL_FLAGS } from "./global_flags.ts";

/** What `sanctl` alone prints. */
export const OVERVIEW = `sanctl makes this machine an iSCSI target server, an initiator, or both.

A disk on the network, in four commands:
  sanctl target create mail --allow iqn.1991-05.com.microsoft:mail1
  sanctl disk create /srv/mail.vhd --size 20G --target mail
  sanctl target serve
  sanctl status

Commands: target, disk, snapshot, backup, initiator, iscsicli, status, events, apply, export, version,
          completion
Help:     sanctl --help, sanctl target --help, sanctl target create --help
`;

/** \`--help\`, and what a noun without a verb prints. */
export const helpFlag: StricliIntegration<Context> = {
  flag: {
    brief: "Print help and exit",
    aliases: ["h"],
    global: true,
    defaultForRouteMap: true,
    run(app, { text, result }) {
      const help = result.target.formatHelp({
        prefix: result.prefix,
        // They are in the section of global flags, once.
        additionalFlags: [],
        includeArgumentEscapeSequenceFlag: false,
        includeHidden: false,
        config: {
          caseStyle: "convert-camel-to-kebab",
          onlyRequiredInUsageLine: false,
          useAliasInUsageLine: false,
        },
        aliases: [],
        text,
        ansiColor: false,
      });
      this.process.stdout.write(withGlobalFlags(help, app.defaultText.headers.flags));
    },
  },
};

function withGlobalFlags(help: string, flagsHeader: string): string {
  // A command without flags of its own leaves the header with nothing below.
  const tidy = help.replace(new RegExp(`\\n${flagsHeader}\\n(?=\\n|$)`), "");
  const names = GLOBAL_FLAGS.map(({ flag, alias, placeholder }) =>
    [alias === undefined ? flag : `${alias} ${flag}`, placeholder].join(" ").trim()
  );
  const width = Math.max(...names.map((name) => name.length));
  const rows = GLOBAL_FLAGS.map(({ brief }, at) => `  ${names[at]!.padEnd(width)}  ${brief}\n`);
  return `${tidy}\nGLOBAL FLAGS\n${rows.join("")}`;
}
