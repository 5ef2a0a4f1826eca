/** Pictures that only members see, loaded after the first screen. */
import lock from "lucide-static/icons/lock.svg?raw";
import bus from "lucide-static/icons/bus.svg?raw";
import camera from "lucide-static/icons/camera.svg?raw";
import car from "lucide-static/icons/car.svg?raw";
import church from "lucide-static/icons/church.svg?raw";
import clipboard from "lucide-static/icons/clipboard-check.svg?raw";
import construction from "lucide-static/icons/construction.svg?raw";
import door from "lucide-static/icons/door-closed.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import factory from "lucide-static/icons/factory.svg?raw";
import footprints from "lucide-static/icons/footprints.svg?raw";
import gavel from "lucide-static/icons/gavel.svg?raw";
import house from "lucide-static/icons/house.svg?raw";
import image from "lucide-static/icons/image.svg?raw";
import landmark from "lucide-static/icons/landmark.svg?raw";
import megaphone from "lucide-static/icons/megaphone.svg?raw";
import person from "lucide-static/icons/user-round.svg?raw";
import pin from "lucide-static/icons/map-pin.svg?raw";
import question from "lucide-static/icons/message-circle-question-mark.svg?raw";
import road from "lucide-static/icons/road.svg?raw";
import school from "lucide-static/icons/school.svg?raw";
import unknown from "lucide-static/icons/circle-question-mark.svg?raw";
import userCheck from "lucide-static/icons/user-check.svg?raw";
import users from "lucide-static/icons/users.svg?raw";
import van from "lucide-static/icons/van.svg?raw";
import video from "lucide-static/icons/video.svg?raw";

import { type IconName, bring } from "./icons";

const OWN = {
  lock, bus, camera, car, church, clipboard, construction, door, eye, factory, footprints, gavel, house, image, landmark, megaphone, person, pin, question, road, school, unknown, "user-check": userCheck, users, van, video,
};
export type PictureName = keyof typeof OWN;

bring(OWN);

/** Pictures of codes; the words stand beside them, always. */
export const PICTURES: Record<string, IconName> = {
  "activity-watching": "eye", "activity-knocking": "door", "activity-questioning": "question",
  "activity-detaining": "lock", "activity-loading": "van", "activity-checkpoint": "construction",
  "activity-leaving": "car", "activity-gone": "footprints",
  "setting-unknown": "unknown", "setting-home": "house", "setting-work": "factory", "setting-street": "road",
  "setting-court": "gavel", "setting-school": "school", "setting-church": "church", "setting-car": "car",
  "finding-confirmed": "check", "finding-nothing": "cross", "finding-other-agency": "landmark", "finding-cannot-tell": "unknown",
  "method-in-person": "person", "method-live-video": "video", "method-photo-and-call": "image", "method-known-source": "user-check",
};
