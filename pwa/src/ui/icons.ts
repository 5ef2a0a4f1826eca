/** The drawings of the first screen, and of whatever brings more. */
import arrowLeft from "lucide-static/icons/arrow-left.svg?raw";
import bell from "lucide-static/icons/bell.svg?raw";
import link from "lucide-static/icons/link.svg?raw";
import scan from "lucide-static/icons/scan-line.svg?raw";
import warning from "lucide-static/icons/triangle-alert.svg?raw";
import cross from "lucide-static/icons/x.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import appWindow from "lucide-static/icons/app-window.svg?raw";
import battery from "lucide-static/icons/battery-charging.svg?raw";
import compass from "lucide-static/icons/compass.svg?raw";
import dots from "lucide-static/icons/ellipsis-vertical.svg?raw";
import download from "lucide-static/icons/download.svg?raw";
import menu from "lucide-static/icons/menu.svg?raw";
import share from "lucide-static/icons/share.svg?raw";
import squarePlus from "lucide-static/icons/square-plus.svg?raw";

import type { PictureName } from "./pictures";

const OWN = {
  "arrow-left": arrowLeft, bell, link, scan, warning, cross, check, "app-window": appWindow, battery, compass, dots,
  download, menu, share, "square-plus": squarePlus,
};
/** Those of what only members see come with it. */
export const ICONS: Record<string, string> = { ...OWN };
export type IconName = keyof typeof OWN | PictureName;

export function bring(pictures: Record<string, string>): void {
  Object.assign(ICONS, pictures);
}
