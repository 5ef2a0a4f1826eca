// A network from its first link to an alert that is over, on eight phones and a laptop, each
// person tapping what a person would tap.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Person, launch, native, startRelay } from "./stage.mjs";

let relay, browser;
before(async () => {
  relay = await startRelay();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await relay?.end();
});

test("a raid, from the invitation to the all clear", async (t) => {
  const people = await Promise.all(
    [
      ["Ana", {}],
      ["Berta", { locale: "es-MX", language: "Español" }],
      ["Carlos", {}],
      ["Vera", {}],
      ["Víctor", { locale: "es-MX", language: "Español" }],
      ["Marisol", { locale: "es-MX", language: "Español" }],
      ["Dora", {}],
      ["Elena", { locale: "es-MX", language: "Español" }],
    ].map(([name, options]) => Person.of(browser, relay, name, options)),
  );
  const [ana, berta, carlos, vera, victor, marisol, dora, elena] = people;
  const laptop = native(relay, "laptop");

  await t.test("Ana founds the network: two of three decide", async () => {
    await ana.open(relay.invitation);
    assert(!ana.page.url().includes("#"), "the secret has left the address bar");
    await ana.page.getByLabel("Name of the network").fill("Valle");
    await ana.page.getByText("2 of 3 devices").click();
    await ana.page.getByRole("button", { name: "Start", exact: true }).click();
    await ana.title("Complete the committee");
    const link = await ana.madeInvite("Invite a committee device");
    await berta.join(link, "Berta");
    await carlos.join(link, "Carlos");
    await ana.sees("2 people are waiting");
    await ana.page.getByRole("button", { name: "Admit all (2)" }).click();
    for (const person of [ana, berta, carlos]) await person.title("Valle");
  });

  await t.test("people ask to join, and one of the committee lets them in", async () => {
    await ana.tap("Committee");
    const link = await ana.madeInvite("Make an invite");
    for (const person of [vera, victor, marisol, dora, elena]) await person.join(link, person.name);
    // The laptop's command ends when it has asked.
    await laptop("join", "--handle", "Laptop", link).catch((error) => assert.equal(error.code, 3, error.message));
    await marisol.title("Estás en la sala de espera");
    const queue = carlos.page.getByRole("button", { name: /Committee/ });
    await queue.waitFor();
    await carlos.page.getByText("6").first().waitFor();
    const taps = await carlos.counting(async () => {
      await carlos.tap(/Committee/);
      await carlos.tap("Admit all (6)");
    });
    t.diagnostic(`admit all: ${taps} taps`);
    assert(taps <= 2);
    for (const person of [vera, victor, marisol, dora, elena]) await person.title("Valle");
  });

  await t.test("two verifiers: nothing changes before the second signature", async () => {
    for (const name of ["Vera", "Víctor"]) {
      await ana.page.locator("summary", { hasText: name }).click();
      await ana.page.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: "Make verifier" }).click();
    }
    await ana.sees("1 of 2 signatures");
    assert.equal(await vera.page.getByRole("button", { name: "Desk" }).count(), 0);
    await berta.tap(/Comité/);
    for (let left = 2; left > 0; left -= 1) {
      await berta.page.getByRole("button", { name: "Firmar", exact: true }).first().click();
      await berta.page.waitForFunction((n) => document.querySelectorAll("li.draft").length < n, left, { timeout: 20_000 });
    }
    await vera.page.getByRole("button", { name: /Desk/ }).waitFor({ timeout: 20_000 });
    await victor.page.getByRole("button", { name: /Mesa/ }).waitFor({ timeout: 20_000 });
  });

  await t.test("Marisol reports in three taps; only verifiers see it", async () => {
    const taps = await marisol.counting(async () => {
      await marisol.page.getByRole("button", { name: "Reportar" }).click();
      await marisol.tap("Detienen a gente");
      await marisol.tap("Trabajo");
      await marisol.hold(/Enviar/);
      await marisol.title("Enviado a quienes verifican");
    });
    t.diagnostic(`report: ${taps} taps`);
    assert(taps <= 3);
    await vera.page.getByRole("button", { name: /Desk/ }).getByText("1").waitFor({ timeout: 20_000 });
    await dora.sees("No alerts");
  });

  await t.test("the second confirmation tells everybody, each in their language", async () => {
    await vera.tap(/Desk/);
    const taps = await vera.counting(async () => {
      await vera.tap("Confirmed");
      await vera.tap("In person");
      await vera.sees("One confirmation missing");
    });
    await dora.sees("No alerts");
    await victor.tap(/Mesa/);
    const more = await victor.counting(async () => {
      await victor.tap("Confirmado");
      await victor.tap("Foto y llamada");
    });
    t.diagnostic(`attest: ${taps} and ${more} taps`);
    assert(taps <= 2 && more <= 2);
    await dora.sees("Verified by 2 of your verifiers (In person, Photo and call)");
    await elena.sees("Verificada por 2 personas de tu red que verifican");
    const incidents = await laptop("incidents");
    assert.equal(incidents.incidents?.[0]?.status ?? incidents[0]?.status, "verified");
  });

  await t.test("a reload, a second tab and a dead relay change nothing", async () => {
    await dora.page.reload();
    await dora.sees("Verified by 2 of your verifiers");
    const second = await dora.newPage();
    await second.goto(relay.origin);
    await second.getByText("Verified by 2 of your verifiers").waitFor({ timeout: 20_000 });
    dora.expected.push(/WebSocket/);
    people.forEach((person) => person.expected.push(/WebSocket connection to .* failed/));
    await relay.stop("SIGKILL");
    await relay.start(relay.address);
  });

  await t.test("all clear reaches the same phones", async () => {
    await vera.tap("Home");
    await vera.page.getByRole("button", { name: "More details" }).first().click();
    await vera.hold(/All clear/);
    // One person's word ends nothing.
    await dora.sees("One of your verifiers says that it is over.");
    await victor.tap("Inicio");
    await victor.page.getByRole("button", { name: "Más detalles" }).first().click();
    await victor.hold(/Alerta terminada/);
    await dora.sees("All clear");
    await elena.sees("Alerta terminada");
    await marisol.tap("Inicio");
    await marisol.sees("Alerta terminada");
  });

  await t.test("a false alarm is taken back where the alert was", async () => {
    await marisol.page.getByRole("button", { name: "Reportar" }).click();
    await marisol.tap("Suben a gente a vehículos");
    await marisol.tap("Calle");
    await marisol.hold(/Enviar/);
    await marisol.title("Enviado a quienes verifican");
    await vera.tap(/Desk/);
    await vera.tap("Confirmed");
    await vera.tap("Live video");
    await victor.tap(/Mesa/);
    await victor.tap("Confirmado");
    await victor.tap("En persona");
    // Whoever reads it when it is corrected sees that where they are.
    for (const [person, more] of [[dora, "More details"], [elena, "Más detalles"]]) {
      const alert = person.page.locator("article.verified", { hasText: person === dora ? "Putting people into vehicles" : "Suben a gente a vehículos" });
      await alert.getByRole("button", { name: more }).click();
      await person.title(person === dora ? "Alert" : "Alerta");
    }
    await vera.tap("Home");
    await vera.page.locator("article.verified").getByRole("button", { name: "More details" }).click();
    await vera.hold(/False alarm/);
    await dora.sees("One of your verifiers says that it was a mistake.");
    await victor.tap("Inicio");
    await victor.page.locator("article.verified").getByRole("button", { name: "Más detalles" }).click();
    await victor.hold(/Falsa alarma/);
    await dora.title("False alarm: the alert was a mistake");
    await elena.title("Falsa alarma: la alerta fue un error");
    await marisol.tap("Inicio");
    await marisol.page.locator("article.false-alarm").waitFor({ timeout: 20_000 });
    for (const person of [dora, elena]) {
      await person.tap(person === dora ? "Home" : "Inicio");
      await person.page.locator("article.false-alarm").waitFor();
      assert.equal(await person.page.locator("article.verified").count(), 0);
    }
    const incidents = await laptop("incidents");
    assert((incidents.incidents ?? incidents).some(({ status }) => status === "false-alarm"));
  });

  await t.test("what finds nothing rings for nobody", async () => {
    await elena.page.getByRole("button", { name: "Reportar" }).click();
    await elena.tap("Tocan puertas");
    await elena.tap("Casa");
    await elena.hold(/Enviar/);
    await vera.tap(/Desk/);
    const taps = await vera.counting(async () => {
      await vera.tap("Nothing there");
      await vera.tap("In person");
    });
    t.diagnostic(`not confirmed: ${taps} taps`);
    assert(taps <= 2);
    await dora.sees("No alerts");
  });

  people.forEach((person) => person.assertQuiet());
});
