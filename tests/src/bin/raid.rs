//! One raid, played by real processes: a relay and ten devices, in Spanish and English.
//!
//! `cargo run -p campana-tests --bin raid` plays it; what it prints is what people see.
#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "it is a play")]

use campana_tests::rig::Cluster;

fn main() {
    let mut play = Play { cluster: Cluster::new() };
    play.found();
    let [ana, beto, carla, dora, rosa, luis, eva] = play.gather();
    play.entrust(ana, beto, carla);
    play.on_call(ana, carla);
    let nothing = play.report_nothing(eva, [ana, beto]);
    play.not_confirmed(&nothing, [ana, beto], eva);
    let incident = play.report(rosa, [ana, beto]);
    play.verify(&incident, [ana, beto], [dora, luis]);
    play.close(&incident, [carla, ana], [dora, luis]);
    play.correct([ana, beto, carla], luis, [dora, rosa]);
    play.drill(rosa, [ana, beto], eva);
    play.end();
}

struct Play {
    cluster: Cluster,
}

impl Play {
    fn found(&mut self) {
        scene(
            "Founding: a committee of three, two of whom must sign",
            "Fundación: un comité de tres, dos deben firmar",
        );
        self.cluster.found("Valle Solidario", &["Marisol", "Teo", "Lupe"], 2);
        self.say(0, "es", &["status"]);
    }

    fn gather(&mut self) -> [usize; 7] {
        scene(
            "Joining: a link or a poster, then the waiting room",
            "Entrar: un enlace o un cartel, y la sala de espera",
        );
        let link = self.cluster.invite(0, &[]);
        let names = ["Ana", "Beto", "Carla", "Dora", "Rosa", "Luis", "Eva"];
        let joined = names.map(|name| {
            let id = self.cluster.client(name);
            self.cluster.clients[id].done(&["join", &link, "--handle", name]);
            self.cluster.clients[id].watch();
            self.cluster.wait_for_request(0, name);
            id
        });
        self.say(0, "es", &["people"]);
        self.say(0, "es", &["admit", "--all"]);
        for id in joined {
            self.cluster.clients[id].wait_for_status("is a member", |status| status["stage"] == "member");
        }
        joined
    }

    fn entrust(&self, ana: usize, beto: usize, carla: usize) {
        scene(
            "Trust: no single phone can appoint anybody",
            "Confianza: ningún teléfono solo puede nombrar a nadie",
        );
        self.say(0, "en", &["zones", "Holyoke", "Springfield"]);
        self.say(1, "en", &["approve", "--all"]);
        self.say(0, "es", &["grant", "Ana", "verifier"]);
        self.say(1, "es", &["drafts"]);
        self.say(1, "es", &["approve", "--all"]);
        self.cluster.grant(&[1, 2], beto, "verifier");
        self.cluster.grant(&[2, 0], carla, "dispatcher");
        self.cluster.clients[ana]
            .wait_for_status("is a verifier", |status| status["roles"] == serde_json::json!(["verifier"]));
        self.cluster.wait_until_converged(&self.cluster.all());
    }

    fn on_call(&self, ana: usize, carla: usize) {
        scene(
            "Being on call: whose locked phone rings for a report, and what that costs",
            "La guardia: el teléfono de quién suena por un reporte, y lo que eso cuesta",
        );
        self.say(ana, "es", &["on-call"]);
        self.say(carla, "en", &["on-call"]);
    }

    fn report_nothing(&self, eva: usize, verifiers: [usize; 2]) -> String {
        scene(
            "A report that does not hold: nobody but those who verify ever hears of it",
            "Un reporte que no se sostiene: solo lo oyen quienes verifican",
        );
        let line =
            ["report", "--activity", "watching", "--size", "one", "--setting", "street", "--zone", "2"];
        self.reported(
            eva,
            &[&line[..], &["--words", "Un carro gris con vidrios oscuros"]].concat(),
            verifiers,
        )
    }

    fn not_confirmed(&self, incident: &str, [ana, beto]: [usize; 2], eva: usize) {
        let short = &incident[..8];
        self.say(ana, "es", &["attest", short, "--finding", "nothing", "--method", "in-person"]);
        self.say(beto, "es", &["attest", short, "--finding", "nothing", "--method", "known-source"]);
        self.cluster.wait_until_converged(&self.cluster.all());
        self.say(ana, "es", &["incidents"]);
        self.say(eva, "es", &["incidents"]);
        self.say(1, "es", &["incidents"]);
        let rang =
            |client: &campana_tests::rig::Client| client.notices().contains(&format!("{incident}/alert"));
        assert!(!self.cluster.clients.iter().any(rang), "nobody's phone rings for it");
    }

    fn report(&self, rosa: usize, verifiers: [usize; 2]) -> String {
        scene("A report: only those who verify see it", "Un reporte: solo lo ven quienes verifican");
        let line = ["report", "--activity", "detaining", "--size", "2-5", "--setting", "work", "--zone", "1"];
        let more =
            ["--unit", "ice", "--equipment", "masks", "--words", "Puerta norte, dos camionetas blancas"];
        let incident = self.reported(rosa, &[&line[..], &more].concat(), verifiers);
        self.say(verifiers[0], "es", &["incidents"]);
        self.say(0, "en", &["incidents"]);
        incident
    }

    /// Reports as this line says, and waits until the verifiers have it.
    fn reported(&self, by: usize, line: &[&str], verifiers: [usize; 2]) -> String {
        self.say(by, "es", line);
        let newest = self.cluster.clients[by].view()["incidents"]
            .as_array()
            .and_then(|all| {
                all.iter()
                    .filter(|one| one["mine"] == true)
                    .max_by_key(|one| one["report"]["reported_at"].as_u64())
            })
            .and_then(|one| one["id"].as_str().map(str::to_owned));
        let incident = newest.expect("whoever reports keeps the report");
        for verifier in verifiers {
            self.cluster.clients[verifier].wait_for_notice(&incident, "report");
        }
        incident
    }

    fn verify(&self, incident: &str, [ana, beto]: [usize; 2], readers: [usize; 2]) {
        scene(
            "Verified by two: every phone rings and checks both signatures",
            "Verificado por dos: suenan todos, y cada uno comprueba las firmas",
        );
        let short = &incident[..8];
        self.say(ana, "es", &["attest", short, "--finding", "confirmed", "--method", "in-person"]);
        self.say(readers[0], "en", &["incidents"]);
        self.say(beto, "es", &["attest", short, "--finding", "confirmed", "--method", "photo-and-call"]);
        self.everybody(incident, "alert");
        self.say(readers[0], "en", &["incidents"]);
        self.say(readers[1], "es", &["incidents"]);
    }

    fn close(&self, incident: &str, [carla, ana]: [usize; 2], readers: [usize; 2]) {
        scene(
            "All clear: exactly those who had the alert hear that it is over",
            "Ya pasó: lo saben justo quienes recibieron la alerta",
        );
        self.say(carla, "es", &["all-clear", &incident[..8]]);
        self.everybody(incident, "said-all-clear");
        self.say(ana, "es", &["all-clear", &incident[..8]]);
        self.everybody(incident, "all-clear");
        self.say(readers[0], "en", &["incidents"]);
        self.say(readers[1], "es", &["incidents"]);
    }

    fn correct(&self, [ana, beto, carla]: [usize; 3], luis: usize, readers: [usize; 2]) {
        scene(
            "A correction: what was wrong is taken back from everybody who got it",
            "Una corrección: el error se le dice a todos los que lo recibieron",
        );
        let line =
            ["report", "--activity", "loading", "--size", "6-10", "--setting", "school", "--zone", "2"];
        let incident = self.reported(luis, &line, [ana, beto]);
        for verifier in [ana, beto] {
            self.cluster.attest(verifier, &incident, "confirmed", "photo-and-call");
        }
        self.everybody(&incident, "alert");
        self.say(readers[0], "en", &["incidents"]);
        self.say(carla, "es", &["correct", &incident[..8]]);
        self.say(ana, "es", &["correct", &incident[..8]]);
        self.everybody(&incident, "false-alarm");
        for (reader, language) in readers.into_iter().zip(["en", "es"]) {
            self.say(reader, language, &["incidents"]);
        }
    }

    fn drill(&self, rosa: usize, verifiers: [usize; 2], reader: usize) {
        scene("A drill can never be taken for an alert", "Un simulacro nunca parece una alerta");
        let line = ["report", "--drill", "--activity", "watching", "--size", "one"];
        let incident = self.reported(rosa, &line, verifiers);
        for verifier in verifiers {
            self.cluster.attest(verifier, &incident, "confirmed", "live-video");
        }
        self.everybody(&incident, "drill");
        self.say(reader, "es", &["incidents"]);
    }

    fn end(&self) {
        scene(
            "Everybody ends at the same place of the same history",
            "Todos terminan en el mismo punto de la misma historia",
        );
        self.cluster.wait_until_converged(&self.cluster.all());
        for client in &self.cluster.clients {
            let network = client.view()["network"].take();
            let short =
                |name: &str| network[name].as_str().unwrap_or_default().chars().take(12).collect::<String>();
            println!(
                "  {:8} {} {} {}",
                client.name,
                network["cursor"],
                short("log_hash"),
                short("governance_head")
            );
        }
    }

    fn everybody(&self, incident: &str, kind: &str) {
        for client in &self.cluster.clients {
            client.wait_for_notice(incident, kind);
        }
    }

    /// Runs a command as its user would and prints what they see.
    fn say(&self, id: usize, language: &str, line: &[&str]) {
        let client = &self.cluster.clients[id];
        let typed: Vec<String> = line
            .iter()
            .map(|word| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() })
            .collect();
        println!("{} $ campana {}", client.name, typed.join(" "));
        for printed in client.printed(language, line).lines() {
            println!("  {printed}");
        }
    }
}

fn scene(english: &str, spanish: &str) {
    println!("\n── {spanish}\n── {english}\n");
}
