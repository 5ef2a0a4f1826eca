//! The entry point of everything that is not building.

mod bench_relay;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("bench-relay") => bench_relay::run(&args[1..]),
        _ => Ok(()),
    }
}
