//! The project's only entry points: `cargo xtask ...`.
#![allow(clippy::print_stdout, reason = "what a task measures is printed")]

mod bench_onboard;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("bench-onboard"), members) => {
            let members = members.and_then(|members| members.parse().ok()).unwrap_or(2000);
            println!("{:#}", bench_onboard::onboard(members));
        }
        _ => {
            eprintln!("cargo xtask bench-onboard [members]");
            std::process::exit(2);
        }
    }
}
