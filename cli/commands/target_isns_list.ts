import type { IsnsServerFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { Column } from "../output.ts";

const COLUMNS: readonly Column<IsnsServerFacts>[] = [
  { heading: "SERVER", value: formatAddress },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "TARGETS", align: "right", value: ({ targets }) => targets ?? "" },
  {
    heading: "PORTALS",
    value: ({ portals }) => portals.map((it) => `${formatAddress(it)},${it.group}`).join(" "),
  },
  { heading: "ERROR", value: ({ error }) => error ?? "" },
];

export default async function (this: Context): Promise<void> {
  const control = await this.control();
  const none = "no iSNS server; sanctl target isns add ADDR:PORT registers the targets with one";
  this.output.list(await control.listIsnsServers(), COLUMNS, none);
}
