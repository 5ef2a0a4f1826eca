// A window without screens, for the tests of the connection.
import { type Readable, get } from "svelte/store";

import { open } from "../../src/core/client";

const client = open(Promise.resolve());
const now = <T>(readable: Readable<T>) => () => get(readable);

Object.assign(globalThis, {
  campana: { client, view: now(client.view), link: now(client.link), trouble: now(client.trouble) },
});
