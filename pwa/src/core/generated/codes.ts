// Written by `cargo xtask pwa` from the protocol's codes. Not to be edited.

export const SIZES = ["unknown", "one", "2-5", "6-10", "over-10"] as const;
export const ACTIVITIES = ["watching", "knocking", "questioning", "detaining", "loading", "checkpoint", "leaving", "gone"] as const;
export const SETTINGS = ["unknown", "home", "work", "street", "court", "school", "church", "car"] as const;
export const UNITS = ["cannot-tell", "ice", "hsi", "cbp", "police", "marshals", "none"] as const;
export const WHENS = ["now", "minutes-ago", "hour-ago", "earlier"] as const;
export const EQUIPMENT = ["weapons", "masks", "vehicles", "tools"] as const;
export const FINDINGS = ["confirmed", "nothing", "other-agency", "cannot-tell"] as const;
export const METHODS = ["in-person", "live-video", "photo-and-call", "known-source"] as const;
export const FOLLOW_UPS = ["false-alarm", "all-clear"] as const;
export const ROLES = ["dispatcher", "verifier", "responder"] as const;
export const REFUSALS = ["link-not-a-link", "link-bare", "link-damaged", "link-cut-short", "link-no-address", "link-other-kind", "link-several", "already-in-a-network", "not-in-a-network", "not-admitted", "not-committee", "not-constituted", "constituted", "needs-role", "bad-threshold", "bad-name", "too-long", "unknown-person", "unknown-invite", "unknown-draft", "draft-update-needed", "draft-desk", "draft-other-leaf", "draft-stranger", "not-signed", "unknown-zone", "unknown-incident", "own-report", "already-done", "not-an-alert", "update-needed", "clock-off", "alerts-off", "bug"] as const;
