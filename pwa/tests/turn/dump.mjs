// A device's database as it stands, to text and back; for the page: each function stands alone.

/** Everything in it. The vault is wrapped anew, by a key that can be kept: the browser's own cannot. */
export async function dump() {
  const text = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
  const done = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
  const db = await done(indexedDB.open("campana"));
  const stores = {};
  for (const name of db.objectStoreNames) {
    const [keys, values] = await Promise.all(["getAllKeys", "getAll"].map((all) => done(db.transaction(name).objectStore(name)[all]())));
    stores[name] = keys.map((key, at) => [key, values[at]]);
  }
  const about = new Map(stores.about);
  const { key, iv, wrapped } = about.get("vault");
  const vault = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, wrapped);
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const own = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
  about.set("vault", { key: raw, iv, wrapped: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, own, vault) });
  stores.about = [...about];
  const kept = JSON.stringify({ version: db.version, stores }, (_, value) => {
    if (value instanceof ArrayBuffer) return { buffer: text(value) };
    return ArrayBuffer.isView(value) ? { bytes: text(value) } : value;
  });
  db.close();
  return JSON.parse(kept);
}

/** Makes the database what it was, the wrapping key not to be had by anybody again. */
export async function restore({ version, stores }) {
  const done = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const revive = (value) => {
    if (value === null || typeof value !== "object") return value;
    if ("bytes" in value) return bytes(value.bytes);
    if ("buffer" in value) return bytes(value.buffer).buffer;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revive(part)]));
  };
  const opening = indexedDB.open("campana", version);
  opening.onupgradeneeded = () => Object.keys(stores).forEach((name) => opening.result.createObjectStore(name));
  const db = await done(opening);
  for (const [name, rows] of Object.entries(stores)) {
    for (const [key, kept] of rows) {
      const value = revive(kept);
      if (key === "vault") value.key = await crypto.subtle.importKey("raw", value.key, "AES-GCM", false, ["encrypt", "decrypt"]);
      await done(db.transaction(name, "readwrite").objectStore(name).put(value, revive(key)));
    }
  }
  db.close();
}
