//! Every limit of the terminal, each with its reason.

use std::time::Duration;

/// How long a one-shot command stays, once its own work is done, until the outbox is empty: some round
/// trips on a bad line.
pub(crate) const FLUSH: Duration = Duration::from_secs(6);

/// How long it stays until what the committee has decided is in force. Committee devices take turns of 5 s,
/// and each process begins to count anew: the fifth of five commits after 25 s.
pub(crate) const DECIDE: Duration = Duration::from_secs(27);
