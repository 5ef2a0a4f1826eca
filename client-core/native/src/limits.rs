//! Every limit of the terminal, each with its reason.

use std::time::Duration;

/// How long a one-shot command stays, once its own work is done, until the outbox is empty: some round
/// trips on a bad line.
pub(crate) const FLUSH: Duration = Duration::from_secs(6);

/// How long it stays until what the committee has decided is in force. Committee devices take turns of 5 s,
/// and each process begins to count anew: the fifth of five commits after 25 s.
pub(crate) const DECIDE: Duration = Duration::from_secs(27);

/// How long one address of the relay is tried alone before the next is tried beside it (RFC 8305,
/// section 5: 250 ms).
pub(crate) const STAGGER: Duration = Duration::from_millis(250);

/// Most bytes of a proxy's answer to CONNECT: a few headers.
pub(crate) const PROXY_ANSWER: usize = 8_192;

/// Notices that wait for the program of `watch --exec`, while an earlier one has it: more than a night
/// brings. What comes beyond is shown, and the program is not run for it.
pub(crate) const EXEC_QUEUE: usize = 256;
