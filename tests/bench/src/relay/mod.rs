//! Benches of the relay: fan-out against bare TCP, durable appends against a bare file.

pub(crate) mod append;
pub(crate) mod ceiling;
mod client;
pub(crate) mod fanout;
mod process;
pub(crate) mod push;
pub(crate) mod store;

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
