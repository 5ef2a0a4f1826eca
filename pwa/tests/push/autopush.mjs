// Firefox's push service in miniature: its WebSocket protocol towards the browser, RFC 8030
// towards the relay. Its endpoints are on push.test, which the relay is told where to find.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";

import puppeteer from "puppeteer-core";
import { WebSocketServer } from "ws";

import { startService } from "./service.mjs";

export const HOST = "push.test";

export async function startAutopush(tls) {
  /** Token of an endpoint -> { agent, channel, key }. */
  const channels = new Map();
  /** Browsers by their id: { socket, queue }. */
  const agents = new Map();
  /** What browsers answered: { code, version }. */
  const acks = [];

  const send = (agent, message) => {
    if (agent.socket?.readyState === 1) agent.socket.send(JSON.stringify(message));
  };
  const service = await startService(tls, {
    subscription: (path) => channels.get(/^\/wpush\/v2\/([\w-]+)$/.exec(path)?.[1]),
    deliver({ agent, channel }, { body, ttl, topic }) {
      const data = body.toString("base64url");
      const message = { messageType: "notification", channelID: channel, version: randomUUID(), data, headers: { encoding: "aes128gcm" } };
      if (topic) agent.queue = agent.queue.filter((kept) => kept.topic !== topic || kept.message.channelID !== channel);
      agent.queue.push({ message, topic, until: Date.now() + ttl * 1_000 });
      send(agent, message);
    },
  });

  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(sockets, "listening");
  sockets.on("connection", (socket) => {
    let agent;
    socket.on("message", (bytes) => {
      const message = JSON.parse(bytes.toString());
      if (message.messageType === undefined) return socket.send("{}");
      answers[message.messageType]?.(message);
    });
    const answers = {
      hello({ uaid }) {
        const id = agents.has(uaid) ? uaid : randomBytes(16).toString("hex");
        agent = agents.get(id) ?? { queue: [] };
        agent.socket = socket;
        agents.set(id, agent);
        send(agent, { messageType: "hello", uaid: id, status: 200, use_webpush: true, broadcasts: {} });
        agent.queue = agent.queue.filter(({ until }) => until > Date.now());
        for (const { message } of agent.queue) send(agent, message);
      },
      register({ channelID, key }) {
        const token = randomBytes(24).toString("base64url");
        // Firefox pads, nobody else does.
        channels.set(token, { agent, channel: channelID, key: key.replace(/=+$/, "") });
        const pushEndpoint = `https://${HOST}/wpush/v2/${token}`;
        send(agent, { messageType: "register", channelID, status: 200, pushEndpoint });
      },
      unregister({ channelID }) {
        for (const [token, { channel }] of channels) if (channel === channelID) channels.delete(token);
        send(agent, { messageType: "unregister", channelID, status: 200 });
      },
      ack({ updates }) {
        for (const { version, code } of updates) {
          acks.push({ version, code });
          agent.queue = agent.queue.filter(({ message }) => message.version !== version);
        }
      },
      nack: ({ version, code }) => acks.push({ version, code }),
    };
  });
  return Object.assign(service, {
    url: `ws://127.0.0.1:${sockets.address().port}/`,
    acks,
    /** The service forgets a subscription, without a word to the browser. */
    forget: () => channels.clear(),
    end: ((end) => () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      end();
    })(service.end),
  });
}

/** Firefox, with this push service as its own and notifications allowed. */
export function launchFirefox(service, userDataDir, preferences = {}) {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    userDataDir,
    extraPrefsFirefox: {
      "dom.push.serverURL": service.url,
      "dom.push.testing.allowInsecureServerURL": true,
      "dom.push.connection.enabled": true,
      "dom.push.alwaysConnect": true,
      "dom.push.retryBaseInterval": 200,
      "permissions.default.desktop-notification": 1,
      "dom.webnotifications.enabled": true,
      // Without a desktop there is no system to show notifications.
      "alerts.useSystemBackend": false,
      ...preferences,
    },
  });
}
