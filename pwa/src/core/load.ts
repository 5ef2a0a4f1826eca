/** The core's WebAssembly, loaded once per context. */
type Core = typeof import("./generated/core");

let loading: Promise<Core> | undefined;
let loaded: Core | undefined;

/** The core, ready for use. `glue`: what binds it; `module`: where its bytes come from. */
export function loadCore(glue: () => Promise<Core>, module: () => Promise<Response>): Promise<Core> {
  loading ??= Promise.all([glue(), module()])
    .then(async ([core, response]) => {
      await core.default({ module_or_path: response });
      loaded = core;
      return core;
    })
    .catch((error: unknown) => {
      // The next attempt starts anew.
      loading = undefined;
      throw error;
    });
  return loading;
}

/** After a fault its memory is not to be trusted: the next session gets a fresh one. */
export function resetCore(): void {
  loaded?.__wbg_reset_state();
}
