/** Where in the app we are. The address bar stays as it is: it says nothing about anybody. */
export type Place = "home" | "report" | "drill" | "incident" | "desk" | "committee" | "me" | "guide" | "rejoin";

/** The steps of a report: each is an entry of its own, so that the phone's back button goes one back. */
export type Step = "what" | "where" | "send" | "done";

interface Entry {
  place: Place;
  incident?: string;
  page?: string;
  step?: Step;
}

let entry = $state.raw<Entry>({ place: "home" });

export const place = {
  get now(): Place {
    return entry.place;
  },
  get incident(): string {
    return entry.incident ?? "";
  },
  /** Of the guide. */
  get page(): string {
    return entry.page ?? "index";
  },
  get step(): Step {
    return entry.step ?? "what";
  },
};

/** Goes somewhere; the phone's back button comes back. */
export function go(place: Place, incident?: string): void {
  if (place === entry.place && incident === entry.incident && entry.step === undefined) return;
  enter(incident === undefined ? { place } : { place, incident }, "pushState");
}

/** Opens a page of the guide. */
export function read(page: string): void {
  if (entry.place !== "guide" || entry.page !== page) enter({ place: "guide", page }, "pushState");
}

/** On to another step of what we are at. The last one takes the place of the one before. */
export function on(step: Step): void {
  enter({ place: entry.place, step }, step === "done" ? "replaceState" : "pushState");
}

export function back(): void {
  if (history.state) history.back();
  else entry = { place: "home" };
}

export function startPlaces(): void {
  // A page that was loaded anew goes on with the report that was being written, else it is at home.
  const before = history.state as Entry | null;
  if (before?.place === "report" || before?.place === "drill") entry = before;
  addEventListener("popstate", (event) => {
    entry = (event.state as Entry | null) ?? { place: "home" };
  });
}

function enter(next: Entry, how: "pushState" | "replaceState"): void {
  entry = next;
  history[how](entry, "");
  scrollTo(0, 0);
}
