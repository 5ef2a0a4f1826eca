/** What the windows and the worker of one device share. */

/** Between them; losing a message costs time, never truth. */
export const CHANNEL = "campana";

/** Whoever holds it has the device's one connection. */
export const LINK_LOCK = "campana-link";
