// What every push service has in common: an HTTPS address that takes RFC 8030 posts, and keeps
// them for a browser that is away.
import { once } from "node:events";
import { createSecureServer } from "node:http2";

/**
 * `subscription(path)`: whom a path belongs to, or undefined. `deliver(subscription, message)`: to
 * the browser, now or when it is back.
 */
export async function startService(tls, { subscription, deliver }) {
  const posts = [];
  // A test can have it answer otherwise: (post) => ({ status, headers }) or undefined.
  // `held`: what it has taken and keeps to itself for as long as there is such a list.
  const service = { posts, answer: () => undefined, held: undefined };
  const server = createSecureServer({ key: tls.key, cert: tls.cert, allowHTTP1: true }, (request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(":")));
      const post = { method: request.method, path: request.url, headers, body, version: request.httpVersion, at: Date.now() };
      posts.push(post);
      const { status, headers: more = {} } = service.answer(post) ?? accept(post);
      post.status = status;
      response.writeHead(status, more).end();
    });
  });
  function accept({ method, path, headers, body }) {
    const known = subscription(path);
    if (method !== "POST") return { status: 405 };
    if (!known) return { status: 410 };
    if (!/^\d+$/.test(headers.ttl ?? "") || headers["content-encoding"] !== "aes128gcm") return { status: 400 };
    // The longest that Mozilla's service bridges to Firefox for Android.
    if (body.length > 3_015) return { status: 413 };
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(headers.topic ?? "x")) return { status: 400 };
    const key = /k=([\w-]+)/.exec(headers.authorization ?? "")?.[1];
    if (key !== known.key) return { status: 403 };
    const pass = () => deliver(known, { body, ttl: Number(headers.ttl), topic: headers.topic });
    if (service.held) service.held.push(pass);
    else pass();
    return { status: 201, headers: { location: `${path}/m` } };
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sessions = new Set();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  service.port = server.address().port;
  service.end = () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  /** What was held goes on its way. */
  service.release = () => {
    const held = service.held ?? [];
    service.held = undefined;
    held.forEach((pass) => pass());
  };
  /** The next post that `matches`, or one that has been. */
  service.waitFor = async (matches, after = 0) => {
    for (let tries = 0; tries < 400; tries += 1) {
      const found = posts.find((post, at) => at >= after && matches(post));
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no such post among ${posts.length}`);
  };
  return service;
}
