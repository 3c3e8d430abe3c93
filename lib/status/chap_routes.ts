/** The API's rows for CHAP. Secrets come in a body, to the Unix socket alone; none goes out. */
import * as facts from "./fact_schemas.ts";
import * as inputs from "./inputs.ts";
import { type Route, route } from "./route.ts";

const answer = facts.changed(facts.Authentication);

export const CHAP_ROUTES: readonly Route[] = [
  route({
    method: "post",
    path: "/api/targets/{name}/chap",
    summary: "Ask initiators to prove by CHAP who they are",
    access: "change",
    input: { path: inputs.TargetPath, body: inputs.ChapBody },
    answer,
    run: (control, { path, body }) => control.setChap(path.name, body),
  }),
  route({
    method: "delete",
    path: "/api/targets/{name}/chap",
    summary: "Ask initiators for no proof any more",
    access: "change",
    input: { path: inputs.TargetPath },
    answer,
    run: (control, { path }) => control.setChap(path.name, undefined),
  }),
  route({
    method: "post",
    path: "/api/targets/{name}/reverse-chap",
    summary: "Prove to initiators who the target is",
    access: "change",
    input: { path: inputs.TargetPath, body: inputs.ReverseChapBody },
    answer,
    run: (control, { path, body }) => control.setReverseChap(path.name, body),
  }),
  route({
    method: "delete",
    path: "/api/targets/{name}/reverse-chap",
    summary: "Prove nothing to initiators any more",
    access: "change",
    input: { path: inputs.TargetPath },
    answer,
    run: (control, { path }) => control.setReverseChap(path.name, undefined),
  }),
  route({
    method: "post",
    path: "/api/discovery/chap",
    summary: "Ask initiators to prove who they are before they discover targets",
    access: "change",
    input: { body: inputs.ChapBody },
    answer,
    run: (control, { body }) => control.setChap(undefined, body),
  }),
  route({
    method: "delete",
    path: "/api/discovery/chap",
    summary: "Ask for no proof before discovery any more",
    access: "change",
    input: {},
    answer,
    run: (control) => control.setChap(undefined, undefined),
  }),
  route({
    method: "post",
    path: "/api/discovery/reverse-chap",
    summary: "Prove to initiators that discover targets who answers",
    access: "change",
    input: { body: inputs.ReverseChapBody },
    answer,
    run: (control, { body }) => control.setReverseChap(undefined, body),
  }),
  route({
    method: "delete",
    path: "/api/discovery/reverse-chap",
    summary: "Prove nothing in discovery any more",
    access: "change",
    input: {},
    answer,
    run: (control) => control.setReverseChap(undefined, undefined),
  }),
];
