// A subscription without a browser, opened by another implementation of RFC 8291 than the relay's.
import { createECDH, createPublicKey, randomBytes, verify } from "node:crypto";

import ece from "http_ece";

export function subscriber(endpoint) {
  const ecdh = createECDH("prime256v1");
  const key = ecdh.generateKeys();
  const auth = randomBytes(16);
  return {
    endpoint,
    key: key.toString("base64url"),
    auth: auth.toString("base64url"),
    open: (body) => ece.decrypt(body, { version: "aes128gcm", privateKey: ecdh, authSecret: auth.toString("base64url") }),
  };
}

/** The claims of a post's VAPID token (RFC 8292), its signature checked. */
export function vapid({ headers }) {
  const [, token, key] = /^vapid t=([^,]+), k=([\w-]+)$/.exec(headers.authorization);
  const [head, claims, signature] = token.split(".");
  const point = Buffer.from(key, "base64url");
  const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  const signed = { key: createPublicKey({ format: "jwk", key: jwk }), dsaEncoding: "ieee-p1363" };
  if (!verify("sha256", Buffer.from(`${head}.${claims}`), signed, Buffer.from(signature, "base64url"))) throw new Error("not its signature");
  return { ...JSON.parse(Buffer.from(claims, "base64url")), key };
}
