//! Benches of the relay: fan-out against bare TCP, durable appends against a bare file.

pub(crate) mod append;
mod ceiling;
mod client;
pub(crate) mod fanout;
mod process;

/// Runs `xtask bench-relay <fanout|append|ceiling> …` and prints JSON.
pub(crate) fn run(args: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let number = |flag: &str, default: usize| -> usize {
        let at = args.iter().position(|arg| arg == flag);
        at.and_then(|at| args.get(at + 1)).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let report = match args.first().map(String::as_str) {
        Some("fanout") => fanout::fanout(&fanout::Args {
            subscribers: number("--subscribers", 1_000),
            messages: number("--messages", 10),
            rounds: number("--rounds", 5),
        })?,
        Some("append") => append::append(&append::Args { seconds: number("--seconds", 3) })?,
        // The other process of `fanout`.
        Some("ceiling") => return Ok(ceiling::serve(args.iter().any(|arg| arg == "--loop"))?),
        _ => {
            return Err(
                "bench-relay fanout [--subscribers N] [--messages M] [--rounds R] | append [--seconds S]"
                    .into(),
            );
        }
    };
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(())
}

/// The value below which `share` of the sorted values lie.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
