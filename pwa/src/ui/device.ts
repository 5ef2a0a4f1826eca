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
  /** Apple's: whether it runs from the home screen. */
  standalone?: boolean;
}

/** What other apps' own windows call themselves. */
const IN_APP =
  /FBAN|FBAV|FB_IAB|Instagram|Barcelona|WhatsApp|Line\/|; wv\)|musical_ly|BytedanceWebview|TikTok|trill_|Telegram|Snapchat|Twitter|LinkedInApp|Pinterest|MicroMessenger|KAKAOTALK|Discord|GSA\//;

export function deviceOf({ userAgent, platform, maxTouchPoints, standalone }: Browser): Device {
  // Windows of other apps can't install anything.
  if (IN_APP.test(userAgent)) return "in-app";
  // Apple's browsers all say Safari; what does not, and is not on the home screen, is another app's window.
  if (/iPhone|iPod|iPad/.test(userAgent) && !/Safari\//.test(userAgent) && standalone !== true) return "in-app";
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

/** What is done here does not carry over to the home screen, or to the real browser: that comes first. */
export const installsFirst = (inApple(device) || device === "in-app") && !installed;
