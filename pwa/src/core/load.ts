/** The core's WebAssembly, loaded once per context and after the first screen. */
type Core = typeof import("./generated/core");

let loading: Promise<Core> | undefined;

/** The core, ready for use. `module`: where its bytes come from. */
export function loadCore(module: () => Promise<Response>): Promise<Core> {
  loading ??= Promise.all([import("./generated/core"), module()])
    .then(async ([core, response]) => {
      await core.default({ module_or_path: response });
      return core;
    })
    .catch((error: unknown) => {
      // The next attempt starts anew.
      loading = undefined;
      throw error;
    });
  return loading;
}
