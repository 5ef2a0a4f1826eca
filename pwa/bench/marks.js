// Put before the service worker's own code: notes when a push reaches each of its steps, without
// the worker's doing. One record per life of the worker, in a cache, to be read later.
(() => {
  const now = () => performance.now();
  const record = { origin: performance.timeOrigin, script: now(), loads: [], turns: [], writes: [], shows: [] };

  const listen = self.addEventListener.bind(self);
  self.addEventListener = (type, listener, ...more) => {
    if (type !== "push") return listen(type, listener, ...more);
    return listen(type, (event) => {
      record.push ??= now();
      const waitUntil = event.waitUntil.bind(event);
      event.waitUntil = (work) => waitUntil(Promise.resolve(work).finally(keep));
      listener(event);
    });
  };

  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...args) => {
    record.core = [now()];
    const { instance, module } = await instantiate.apply(WebAssembly, args);
    record.core.push(now());
    const exports = { ...instance.exports };
    const timed = (name, into) => {
      const call = exports[name];
      exports[name] = (...args) => {
        const began = now();
        try {
          return call(...args);
        } finally {
          into.push([began, now()]);
        }
      };
    };
    timed("session_new", record.loads);
    for (const name of ["session_turn", "session_view"]) timed(name, record.turns);
    return { instance: { exports }, module };
  };

  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
    const made = transaction.call(this, stores, mode, ...more);
    if (mode === "readwrite") {
      const began = now();
      made.addEventListener("complete", () => record.writes.push([began, now()]));
    }
    return made;
  };

  const show = ServiceWorkerRegistration.prototype.showNotification;
  ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
    const began = now();
    await show.call(this, title, options);
    record.shows.push([began, now(), options.tag]);
  };

  const keep = async () => {
    record.end = now();
    const cache = await caches.open("bench");
    await cache.put(`/bench/${record.origin}`, new Response(JSON.stringify(record)));
    // As whoever owns the phone does.
    for (const notification of await self.registration.getNotifications()) notification.close();
  };
})();
