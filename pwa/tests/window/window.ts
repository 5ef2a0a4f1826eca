// A window without screens, for the tests of the connection.
import { type Readable, get } from "svelte/store";

import { open } from "../../src/core/client";
import { Session } from "../../src/core/generated/core";

/** Notices that this window was the one to say it has shown: each such turn writes. */
const shown: string[] = [];
const { turn } = Session.prototype;
Session.prototype.turn = function (now, input) {
  const taken = turn.call(this, now, input);
  if (typeof input === "object" && "shown" in input && taken.changes.length > 0) shown.push(input.shown.incident);
  return taken;
};

const client = open(Promise.resolve());
const now = <T>(readable: Readable<T>) => () => get(readable);

Object.assign(globalThis, {
  campana: { client, view: now(client.view), link: now(client.link), trouble: now(client.trouble), shown },
});
