import type { TargetFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";

const COLUMNS: readonly Column<TargetFacts>[] = [
  { heading: "TARGET", value: ({ name }) => name },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "SESSIONS", align: "right", value: ({ sessions }) => sessions },
  { heading: "DISKS", align: "right", value: ({ luns }) => luns.length },
  { heading: "IQN", value: ({ iqn }) => iqn },
  { heading: "DESCRIPTION", value: ({ description }) => description },
];

export default async function (this: Context): Promise<void> {
  const control = await this.control();
  const none = "no targets yet; sanctl target create NAME makes one";
  this.output.list(await control.listTargets(), COLUMNS, none);
}
