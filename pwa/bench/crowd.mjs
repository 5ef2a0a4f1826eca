// A network of many for one phone to be measured in: the relay, and everybody else's devices.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** `app`: the directory with the app. `settings`: of the relay, as its environment variables. */
export async function startCrowd(members, app, settings = {}) {
  const child = spawn(process.env.CAMPANA_CROWD, ["crowd", "--members", String(members)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, CAMPANA_RELAY_APP_DIR: app, ...settings },
  });
  process.once("exit", () => child.kill());
  const lines = createInterface({ input: child.stdout });
  const said = async () => JSON.parse((await once(lines, "line"))[0]);
  const ask = (what) => {
    const answer = said();
    child.stdin.write(`${what}\n`);
    return answer;
  };
  const { origin, invite } = await said();
  return {
    origin,
    invite,
    /** Everybody who waits is admitted. */
    admit: () => ask("admit"),
    /** The phone becomes a verifier's. */
    verifier: () => ask("verifier"),
    /** A report that nobody confirms. */
    report: () => ask("report"),
    /** A report is confirmed and everybody is alerted. */
    alert: () => ask("alert"),
    async alerts(count) {
      for (let number = 1; number <= count; number += 1) {
        await ask("alert");
        if (number % 100 === 0) process.stderr.write(`${number} alerts\n`);
      }
    },
    end: () => child.kill(),
  };
}

export const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
export const rounded = (value) => Math.round(value * 10) / 10;
