// A certificate for as long as a test runs, for hosts that are not ours: push services in miniature.
import { createHash, X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";

import { generate } from "selfsigned";

/** `file`: the certificate as PEM, for the relay's --push-ca. `pin`: its key's hash, for Chromium. */
export async function certificate(hosts, file) {
  const altNames = [...hosts.map((value) => ({ type: 2, value })), { type: 7, ip: "127.0.0.1" }];
  const made = await generate([{ name: "commonName", value: hosts[0] }], {
    algorithm: "sha256",
    keyType: "ec",
    curve: "P-256",
    days: 2,
    extensions: [{ name: "basicConstraints", cA: false }, { name: "subjectAltName", altNames }],
  });
  await writeFile(file, made.cert);
  const key = new X509Certificate(made.cert).publicKey.export({ type: "spki", format: "der" });
  return { key: made.private, cert: made.cert, file, pin: createHash("sha256").update(key).digest("base64") };
}
