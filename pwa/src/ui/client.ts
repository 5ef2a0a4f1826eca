/** The device, for every screen. */
import { getContext, setContext } from "svelte";

import type { Client } from "../core/client";

const KEY = Symbol("client");

export const provideClient = (client: Client): Client => setContext(KEY, client);
export const useClient = (): Client => getContext<Client>(KEY);
