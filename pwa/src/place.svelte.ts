/** Where in the app we are. The address bar stays as it is: it says nothing about anybody. */
export type Place = "home" | "report" | "drill" | "incident" | "desk" | "committee" | "me";

interface Entry {
  place: Place;
  incident?: string;
}

let entry = $state.raw<Entry>({ place: "home" });

export const place = {
  get now(): Place {
    return entry.place;
  },
  get incident(): string {
    return entry.incident ?? "";
  },
};

/** Goes somewhere; the phone's back button comes back. */
export function go(place: Place, incident?: string): void {
  if (place === entry.place && incident === entry.incident) return;
  entry = incident === undefined ? { place } : { place, incident };
  history.pushState(entry, "");
  scrollTo(0, 0);
}

export function back(): void {
  if (history.state) history.back();
  else entry = { place: "home" };
}

export function startPlaces(): void {
  addEventListener("popstate", (event) => {
    entry = (event.state as Entry | null) ?? { place: "home" };
  });
}
