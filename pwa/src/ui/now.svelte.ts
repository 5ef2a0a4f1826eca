/** The time, for ages on screens. */
let at = $state(Date.now());
setInterval(() => (at = Date.now()), 30_000);

export const now = {
  get at(): number {
    return at;
  },
};
