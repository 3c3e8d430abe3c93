import type { Context } from "../context.ts";
import { isnsServerColumns } from "../initiator_columns.ts";

export default async function (this: Context): Promise<void> {
  const control = await this.initiator();
  const none = "no iSNS server yet; sanctl initiator isns add ADDR:PORT asks one for targets";
  this.output.list(await control.listIsnsServers(), isnsServerColumns, none);
}
