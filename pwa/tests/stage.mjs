// The stage of every browser test: the real relay, a real browser, people with phones of their
// own. A console error, a page error or a request to anywhere else fails the test.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach } from "node:test";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

const root = join(import.meta.dirname, "../..");
const binaries = process.env.CAMPANA_BINARIES ?? join(root, "target/debug");

/** Nothing that Chromium would like to ask the internet. */
export const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };

/** What phones asked of anybody but their relay. No test that opens one passes with any. */
const strangers = [];
if (process.env.NODE_TEST_CONTEXT) afterEach(() => assert.deepEqual(strangers.splice(0), [], "asked of others"));

/** Looks at an address that a page asks for. */
export function watched(address, relay) {
  const url = new URL(address);
  if (!["blob:", "data:", "about:"].includes(url.protocol) && url.host !== new URL(relay.origin).host) strangers.push(url.origin);
}

/** A relay of its own, with the app (or another page), on a directory that goes with it. `fill`: puts data there first. */
export async function startRelay(app = join(root, "pwa/dist"), flags = [], fill = async () => undefined) {
  const directory = await mkdtemp(join(tmpdir(), "campana-"));
  const relay = { directory, invitation: "", origin: "", child: undefined };
  relay.start = async (address = "127.0.0.1:0") => {
    relay.child = spawn(
      join(binaries, "campana-relay"),
      ["--listen", address, "--json", "--log", "warn", "--data-dir", join(directory, "data"), "--app-dir", app, "--metrics-listen", "127.0.0.1:0",
        // One connection of a test can do in a second what a phone does in a day.
        "--requests-per-second", "10000", "--request-burst", "100000",
        // A network of a test is founded, joined and alerted within seconds.
        "--alert-burst", "10000", "--post-burst", "10000", ...flags],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(createInterface({ input: relay.child.stdout }), "line");
    const { listening, invitation, metrics } = JSON.parse(line);
    relay.origin = `http://${listening}`;
    relay.address = listening;
    relay.metrics = `http://${metrics}/metrics`;
    // Its links were made before the port was known.
    if (invitation) relay.invitation = relay.origin + invitation.slice(invitation.indexOf("/#"));
  };
  relay.stop = async (signal = "SIGTERM") => {
    if (relay.child.exitCode !== null || relay.child.signalCode !== null) return;
    const ended = once(relay.child, "exit");
    relay.child.kill(signal);
    await ended;
  };
  relay.end = async () => {
    await relay.stop();
    await rm(directory, { recursive: true, force: true });
  };
  await fill(directory);
  await relay.start();
  // However the test ends.
  process.once("exit", () => relay.child.kill("SIGKILL"));
  return relay;
}

export const launch = (...more) => chromium.launch({ executablePath: "/usr/bin/chromium", args: [...QUIET, ...more] });

/** A person with a phone. */
export class Person {
  constructor(name, context, relay) {
    this.name = name;
    this.context = context;
    this.relay = relay;
    this.taps = 0;
    this.faults = [];
    this.expected = [];
  }

  static async of(browser, relay, name, { locale = "en-US", language = "English", ...options } = {}) {
    const context = await browser.newContext({ ...PHONE, locale, ...options });
    const person = new Person(name, context, relay);
    person.language = language;
    context.on("request", (request) => watched(request.url(), relay));
    person.page = await person.newPage();
    return person;
  }

  async newPage() {
    const page = await this.context.newPage();
    page.on("websocket", (socket) => watched(socket.url(), this.relay));
    const fault = (text) => {
      if (!this.expected.some((pattern) => pattern.test(text))) this.faults.push(text);
    };
    page.on("console", (message) => {
      // Browsers ask for one where a file is looked at by itself; the app names its own.
      const favicon = message.location().url.endsWith("/favicon.ico");
      if (message.type() === "error" && !favicon) fault(message.text());
    });
    page.on("pageerror", (error) => fault(error.message));
    return page;
  }

  /** Opens the app, or a link into it, and chooses the language if asked. */
  async open(link = this.relay.origin) {
    await this.page.goto(link);
    await this.page.getByRole("button", { name: this.language, exact: true }).first().click();
  }

  async tap(name, options = {}) {
    this.taps += 1;
    await this.page.getByRole("button", { name, exact: typeof name === "string", ...options }).first().click();
  }

  /** Holds a button for a second. */
  async hold(name) {
    this.taps += 1;
    const button = this.page.getByRole("button", { name }).first();
    await button.scrollIntoViewIfNeeded();
    const box = await button.boundingBox();
    assert(box, "the button is there");
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await this.page.mouse.down();
    await this.page.waitForTimeout(1_150);
    await this.page.mouse.up();
  }

  /** How many taps an act takes. */
  async counting(act) {
    const before = this.taps;
    await act();
    return this.taps - before;
  }

  async sees(text, options = {}) {
    await this.page.getByText(text, options).first().waitFor({ timeout: 20_000 });
  }

  async title(text) {
    await this.page.getByRole("heading", { level: 1, name: text }).waitFor({ timeout: 20_000 });
  }

  /** Founds the network "Valle": one committee device, one confirmation. */
  async found() {
    await this.open(this.relay.invitation);
    await this.page.getByLabel("Name of the network").fill("Valle");
    await this.page.getByText("One device", { exact: true }).click();
    await this.page.getByText("1", { exact: true }).click();
    await this.tap("Start");
    await this.title("Valle");
  }

  async join(link, handle) {
    await this.open(link);
    await this.page.getByRole("textbox").fill(handle);
    await this.page.locator("button.main").click();
  }

  async madeInvite(button) {
    await this.page.getByRole("button", { name: button, exact: true }).click();
    return this.page.getByTestId("invite-link").inputValue();
  }

  /** What went wrong on this phone, if anything. */
  assertQuiet() {
    assert.deepEqual(this.faults, [], `${this.name}'s phone`);
  }
}

/** The native client, as one more member. */
export function native(relay, name) {
  const store = join(relay.directory, name);
  return async (...args) => {
    const { stdout } = await promisify(execFile)(join(binaries, "campana"), ["--store", store, "--json", ...args]);
    return stdout.trim() === "" ? undefined : JSON.parse(stdout.trim().split("\n").at(-1));
  };
}
