// Which guide to installing the app is shown, by what browsers say of themselves.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import ts from "typescript";

const source = readFileSync(join(import.meta.dirname, "../src/ui/device.ts"), "utf8");
const compiled = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } }).outputText;
// This process is no browser; the functions are what is tried.
globalThis.matchMedia = () => ({ matches: false });
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "", platform: "", maxTouchPoints: 0 } });
const { deviceOf } = await import(`data:text/javascript,${encodeURIComponent(compiled)}`);

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-A155M) AppleWebKit/537.36 (KHTML, like Gecko)";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15";

for (const [device, userAgent, more] of [
  ["iphone-safari", `${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["iphone-other", `${IPHONE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["iphone-other", `${IPHONE} Version/18.0 EdgiOS/138.0.3351.65 Mobile/15E148 Safari/604.1`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["iphone-other", `${IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["in-app", `${IPHONE} Mobile/15E148 Instagram 390.0.0.28.85`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["in-app", `${IPHONE} Mobile/15E148`, { platform: "iPhone", maxTouchPoints: 5, standalone: false }],
  ["iphone-safari", `${IPHONE} Mobile/15E148`, { platform: "iPhone", maxTouchPoints: 5, standalone: true }],
  ["in-app", `${IPHONE} Mobile/15E148 musical_ly_40.1.0 BytedanceWebview/d8a21c6`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["in-app", `${IPHONE} Mobile/15E148 Barcelona 390.0.0.28.85`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["in-app", `${IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/520.0.0.38.101;FBDV/iPhone15,2]`, { platform: "iPhone", maxTouchPoints: 5 }],
  ["in-app", `${ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36 Telegram-Android/11.13.2 (Samsung SM-A155M; Android 14; SDK 34; AVERAGE)`],
  ["in-app", `${ANDROID} Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36 Instagram 390.0.0.43.81 Android`],
  ["ipad", MAC, { platform: "MacIntel", maxTouchPoints: 5 }],
  ["ipad", "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1.2 Mobile/15E148 Safari/604.1", { platform: "iPad", maxTouchPoints: 5 }],
  ["desktop", MAC, { platform: "MacIntel", maxTouchPoints: 0 }],
  ["android-chrome", `${ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36`],
  ["android-samsung", `${ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`],
  ["android-firefox", "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"],
  ["in-app", `${ANDROID.replace(")", "; wv)")} Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36 WhatsApp/2.25`],
  ["desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"],
  ["desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
]) {
  test(`${device}: ${userAgent.slice(-48)}`, () => {
    assert.equal(deviceOf({ userAgent, platform: "", maxTouchPoints: 0, ...more }), device);
  });
}
