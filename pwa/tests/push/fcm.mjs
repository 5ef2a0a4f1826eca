// Chromium's push service in miniature: check-in, registration and its messaging connection (MCS)
// towards the browser, RFC 8030 towards the relay. The browser itself says that endpoints are on
// jmt17.google.com (Chrome: fcm.googleapis.com); the relay is told where to find that.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer as createHttp } from "node:http";
import { join } from "node:path";
import { createServer as createTls } from "node:tls";

import puppeteer from "puppeteer-core";

import { pause } from "./page.mjs";
import { bytes, fixed64, number, parse, readVarint, varint } from "./protobuf.mjs";
import { startService } from "./service.mjs";

export const HOST = "jmt17.google.com";

/** Any will do, if they are always the same. */
const ANDROID_ID = 0x1234567890abcdn;
const SECURITY_TOKEN = 0x2345678901bcden;
/** Tags of MCS messages. */
const PING = 0, PONG = 1, LOGIN = 2, LOGGED_IN = 3, DATA = 8;
const MCS_VERSION = 41;

export async function startFcm(tls) {
  /** Token of an endpoint -> { app, category, key }. */
  const tokens = new Map();
  let queue = [];
  let browser;
  let sent = 0;

  const write = (socket, tag, message) => socket.write(Buffer.concat([Buffer.from([tag]), varint(message.length), message]));
  const service = await startService(tls, {
    subscription: (path) => tokens.get(decodeURIComponent(/^\/(?:fcm\/send|wp)\/(.+)$/.exec(path)?.[1] ?? "")),
    deliver({ app, category, key }, { body, ttl, topic }) {
      const id = `0:${Date.now()}%${(sent += 1)}`;
      const pair = (name, value) => bytes(7, Buffer.concat([bytes(1, name), bytes(2, value)]));
      const message = Buffer.concat([
        bytes(3, key), bytes(5, category), ...(app === category ? [] : [pair("subtype", app)]),
        pair("content-encoding", "aes128gcm"), bytes(9, id), number(17, ttl), number(18, Date.now()), bytes(21, body),
      ]);
      if (topic) queue = queue.filter((kept) => kept.topic !== topic);
      queue.push({ id, topic, message });
      if (browser) write(browser, DATA, message);
    },
  });

  const registrar = createHttp((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (request.url === "/checkin") {
        const answer = [number(1, 1), number(3, Date.now()), fixed64(7, ANDROID_ID), fixed64(8, SECURITY_TOKEN)];
        return response.writeHead(200, { "content-type": "application/x-protobuf" }).end(Buffer.concat(answer));
      }
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
      const app = form["X-subtype"] ?? form.app;
      if (form.delete === "true") {
        for (const [token, known] of tokens) if (known.app === app) tokens.delete(token);
        return response.end(`deleted=${form.app}`);
      }
      const token = `${randomBytes(16).toString("base64url")}:APA91b${randomBytes(60).toString("base64url")}`;
      tokens.set(token, { app, category: form.app, key: form.sender });
      response.writeHead(200, { "content-type": "text/plain" }).end(`token=${token}`);
    });
  });
  registrar.listen(0, "127.0.0.1");
  await once(registrar, "listening");

  const messaging = createTls({ key: tls.key, cert: tls.cert }, (socket) => {
    let buffer = Buffer.alloc(0);
    let greeted = false;
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (browser === socket) browser = undefined;
    });
    socket.on("data", (data) => {
      buffer = Buffer.concat([buffer, data]);
      if (!greeted) {
        buffer = buffer.subarray(1);
        greeted = true;
      }
      for (let read = next(); read; read = next()) receive(...read);
    });
    const next = () => {
      const length = buffer.length < 2 ? null : readVarint(buffer, 1);
      if (!length || buffer.length < length[1] + Number(length[0])) return null;
      const end = length[1] + Number(length[0]);
      const message = [buffer[0], buffer.subarray(length[1], end)];
      buffer = buffer.subarray(end);
      return message;
    };
    const receive = (tag, message) => {
      if (tag === PING) return write(socket, PONG, Buffer.alloc(0));
      if (tag !== LOGIN) return;
      const login = parse(message);
      const held = (login[10] ?? []).map(String);
      queue = queue.filter(({ id }) => !held.includes(id));
      browser = socket;
      socket.write(Buffer.from([MCS_VERSION]));
      write(socket, LOGGED_IN, Buffer.concat([bytes(1, login[1][0]), number(8, Date.now())]));
      for (const { message } of queue) write(socket, DATA, message);
    };
  });
  messaging.listen(0, "127.0.0.1");
  await once(messaging, "listening");

  return Object.assign(service, {
    flags: [
      `--gcm-checkin-url=http://127.0.0.1:${registrar.address().port}/checkin`,
      `--gcm-registration-url=http://127.0.0.1:${registrar.address().port}/c2dm/register3`,
      `--gcm-mcs-endpoint=https://127.0.0.1:${messaging.address().port}`,
      `--ignore-certificate-errors-spki-list=${tls.pin}`,
    ],
    forget: () => tokens.clear(),
    end: ((end) => () => {
      browser?.destroy();
      messaging.close();
      registrar.closeAllConnections();
      registrar.close();
      end();
    })(service.end),
  });
}

/** Chromium, with this push service as its own and notifications allowed. */
export async function launchChromium(service, userDataDir) {
  // A permission granted over the protocol is forgotten when the browser ends; a preference is not.
  const preferences = { profile: { default_content_setting_values: { notifications: 1 } } };
  await mkdir(join(userDataDir, "Default"), { recursive: true });
  const file = join(userDataDir, "Default/Preferences");
  await writeFile(file, JSON.stringify(preferences), { flag: "wx" }).catch(() => undefined);
  return puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    userDataDir,
    // With it, subscribing brings the browser down.
    ignoreDefaultArgs: ["--disable-background-networking"],
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update", "--disable-sync", ...service.flags],
  });
}

/** As Chromium does by itself with workers that have nothing to do. */
export async function stopWorkers(browser) {
  const [page] = await browser.pages();
  const session = await page.createCDPSession();
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await session.detach();
  await pause(500);
}
