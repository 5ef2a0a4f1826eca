/** Which device and browser this is, as far as putting the app on it differs. */
export type Device =
  | "in-app"
  | "iphone-safari"
  | "iphone-other"
  | "ipad"
  | "android-chrome"
  | "android-samsung"
  | "android-firefox"
  | "desktop";

/** What a browser says of itself. */
export interface Browser {
  userAgent: string;
  platform: string;
  maxTouchPoints: number;
}

export function deviceOf({ userAgent, platform, maxTouchPoints }: Browser): Device {
  // Windows of other apps can't install anything.
  if (/FBAN|FBAV|FB_IAB|Instagram|WhatsApp|Line\/|; wv\)/.test(userAgent)) return "in-app";
  if (/iPhone|iPod/.test(userAgent)) return /CriOS|EdgiOS|FxiOS|OPT\/|OPiOS|DuckDuckGo/.test(userAgent) ? "iphone-other" : "iphone-safari";
  // An iPad calls itself a Mac; no Mac has a touch screen.
  if (/iPad/.test(userAgent) || (/Mac/.test(platform) && maxTouchPoints > 1)) return "ipad";
  if (!/Android/.test(userAgent)) return "desktop";
  if (/SamsungBrowser/.test(userAgent)) return "android-samsung";
  return /Firefox/.test(userAgent) ? "android-firefox" : "android-chrome";
}

const inApple = (device: Device) => ["iphone-safari", "iphone-other", "ipad"].includes(device);

export const device = deviceOf(navigator);

/** The app runs from the home screen. */
export const installed =
  matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;

/** What is done in the browser does not carry over to the home screen here: the app comes there first. */
export const installsFirst = inApple(device) && !installed;
