/** What a notification says. By default only that there is something: a lock screen is evidence. */
import type { IncidentView } from "../core/generated/core";
import type { Prefs } from "../core/prefs";
import type { Speech } from "../words/speak";

type Kind = NonNullable<IncidentView["notice"]>;

export interface Data {
  incident?: string;
  kind?: Kind;
}

type Options = NotificationOptions & { renotify?: boolean; timestamp?: number; vibrate?: number[]; tag: string; data: Data };

export interface Words {
  title: string;
  options: Options;
}

/** Shown while, or because, it is not known what has come. */
export const GENERIC = "campana";
const TEST = "campana-test";
const UNREAD = "campana-unread";
/** All reports that wait, together. */
export const DESK = "campana-desk";
const STOPPED = "campana-stopped";
const VIBRATION = [400, 200, 400, 200, 800];

export function aboutIncident(incident: IncidentView, kind: Kind, prefs: Prefs, { say, code, language }: Speech): Words {
  const title = prefs.content ? headline(incident, kind, { say, code, language }) : plain(kind, say);
  const options = based(prefs, language, tagOf(incident.id, kind), { incident: incident.id, kind });
  if (prefs.content) options.body = details(incident, { say, code, language });
  if (kind === "alert") Object.assign(options, { requireInteraction: true, vibrate: VIBRATION });
  return { title, options: { ...options, renotify: true, timestamp: incident.updated_at } };
}

/** What one person says of an alert stands beside it and never takes its place. */
export function tagOf(incident: string, kind: Kind): string {
  return kind.startsWith("said-") ? `campana-${incident}-said` : `campana-${incident}`;
}

/** What waits at the desk. That it is a report, and so who verifies, is said only to whoever chose that. */
export function reports(waiting: number, loud: boolean, prefs: Prefs, { say, language }: Speech): Words {
  const title = prefs.content ? say("push-report", { n: waiting }) : say("push-waiting", { n: waiting });
  const options = based(prefs, language, DESK, {});
  // Silence and vibration exclude each other: browsers refuse both at once.
  return { title, options: loud ? { ...options, vibrate: VIBRATION, renotify: true } : { ...options, silent: true } };
}

export function generic(prefs: Prefs, { say, language }: Speech): Words {
  const options = based(prefs, language, GENERIC, {});
  // It may be a drill, or nothing: only what is known to be an alert is called one. It may be an alert, so it
  // rings whatever was up before.
  return { title: say("push-generic"), options: { ...options, vibrate: VIBRATION, renotify: true } };
}

/** What came is nothing that concerns its owner. Takes the generic one's place, without noise. */
export function nothing(prefs: Prefs, { say, language }: Speech): Words {
  return { title: say("push-nothing"), options: { ...based(prefs, language, GENERIC, {}), silent: true } };
}

/** Pushes may not come any more. */
export function stopped(prefs: Prefs, { say, language }: Speech): Words {
  return { title: say("push-stopped"), options: { ...based(prefs, language, STOPPED, {}), body: say("push-stopped-help"), requireInteraction: true } };
}

/** Nothing on this device can open it: its owner has to know. */
export function cannotOpen(prefs: Prefs, { say, language }: Speech): Words {
  return { title: say("push-cleared"), options: { ...based(prefs, language, GENERIC, {}), body: say("push-cleared-help") } };
}

/** Something of class alert that this device can't read: it may be a true alert. */
export function unread(prefs: Prefs, { say, language }: Speech): Words {
  const options = { ...based(prefs, language, UNREAD, {}), requireInteraction: true, renotify: true, vibrate: VIBRATION };
  return { title: say("push-unread"), options: { ...options, body: say("push-unread-help") } };
}

export function test(prefs: Prefs, { say, language }: Speech): Words {
  return { title: say("push-test"), options: { ...based(prefs, language, TEST, {}), body: say("push-test-help"), renotify: true } };
}

function based(prefs: Prefs, lang: string, tag: string, data: Data): Options {
  const icon = prefs.neutral ? "/neutral-192.png" : "/icon-192.png";
  return { tag, data, lang, dir: "ltr", icon, badge: icon };
}

function plain(kind: Kind, say: Speech["say"]): string {
  switch (kind) {
    case "drill": return say("push-drill");
    case "said-false-alarm":
    case "said-all-clear":
    case "false-alarm":
    case "all-clear": return say("push-changed");
    default: return say("push-new");
  }
}

function headline(incident: IncidentView, kind: Kind, { say }: Speech): string {
  if (incident.drill) return `▲ ${say("drill")}`;
  switch (kind) {
    case "said-false-alarm": return say("push-said-false-alarm");
    case "said-all-clear": return say("push-said-all-clear");
    case "false-alarm": return `✕ ${say("headline-false-alarm")}`;
    case "all-clear": return `✓ ${say("headline-all-clear")}`;
    default: return `● ${say("headline-verified")}`;
  }
}

function details(incident: IncidentView, { say, code }: Speech): string {
  const report = incident.report;
  if (!report) return "";
  const zone = report.zone === 0 ? say("zone-none") : (report.zone_name ?? say("zone-number", { n: report.zone }));
  return [report.activities.map((activity) => code("activity", activity)).join(", "), zone].join(" · ");
}
