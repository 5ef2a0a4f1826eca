//! From an appended alert to the last of N phones' push services, against what the encryption
//! alone costs in the same run; and what one service that fails costs the others.

mod failing;

use core::time::Duration;
use std::hint::black_box;
use std::io;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::{PushAuth, PushKey, RecordId, RegistrationId};
use campana_protocol::limits::PUSH_BYTES;
use campana_protocol::push::Subscription;
use campana_sink::{Authority, Behaviour, Phone, Sink};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::client::{Blocking, channel};
use super::process::Process;

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) registrations: u32,
    pub(crate) disturbed: u32,
    pub(crate) many: u32,
    pub(crate) rounds: usize,
}

/// What a service far away adds.
const LATENCY: Duration = Duration::from_millis(20);

/// Alerts that wait for services that are down, when their memory is measured.
const WAITING: usize = 64;

/// As long as what browsers are given.
const ENDPOINT: usize = 190;

const PATIENCE: Duration = Duration::from_secs(300);

struct World {
    runtime: Runtime,
    sinks: Vec<Sink>,
    relay: Process,
    member: Blocking,
    records: u128,
    _files: tempfile::TempDir,
}

struct Round {
    /// From the answer to the append to the last push of the sinks that count, seconds.
    handed_over: f64,
    /// The relay's processor time, microseconds.
    cpu: u64,
}

pub(crate) fn push(args: &Args) -> Result<Value, Box<dyn std::error::Error>> {
    let bare = bare_us(args.registrations)?;
    let mut world = World::new(args.registrations)?;
    let rss = world.relay.rss()?;
    world.round(3)?;
    let rounds = (0..args.rounds).map(|_| world.round(3)).collect::<Result<Vec<_>, _>>()?;
    let pushes = u64::from(args.registrations) * args.rounds as u64;
    let cpu = rounds.iter().map(|round| round.cpu).sum::<u64>() as f64 / pushes as f64;
    let bare = f64::midpoint(bare, bare_us(args.registrations)?);
    let peak = world.relay.peak_rss()?;
    drop(world);

    let mut disturbed = Vec::new();
    for (name, behaviour) in [
        ("hangs", Behaviour::Hang),
        ("answers 500", Behaviour::Answer(500)),
        ("closes", Behaviour::Close),
        ("puts half off for 10 minutes", Behaviour::Later(429, 600)),
    ] {
        let mut world = World::new(args.disturbed)?;
        world.round(3)?;
        let mut well = Vec::new();
        for _ in 0..args.rounds {
            well.push(world.round(2)?.handed_over);
        }
        let half = matches!(behaviour, Behaviour::Later(..));
        world.sinks[2].behave(move |path| {
            let odd = path.trim_end_matches('e').ends_with(['1', '3', '5', '7', '9']);
            if half && odd { Behaviour::Answer(201) } else { behaviour.clone() }
        });
        // All rounds count: the first is the one in which the failure is found out.
        let ill =
            (0..args.rounds).map(|_| Ok(world.round(2)?.handed_over)).collect::<io::Result<Vec<_>>>()?;
        let undisturbed = median(well.clone());
        disturbed.push(json!({
            "one_of_three": name,
            "registrations": args.disturbed,
            "others_undisturbed_s": well,
            "others_s": ill,
            "ratio_of_the_first": ill.first().map(|first| first / undisturbed),
            "ratio_of_the_worst": ill.iter().copied().fold(0.0, f64::max) / undisturbed,
        }));
    }
    let waiting = waiting(args.disturbed)?;
    let failing = [1, 6].map(|bad| failing::delays(args.disturbed, bad, args.rounds));
    let [one, six] = failing;
    let (one, six) = (one?, six?);
    let worst = one.iter().chain(&six).copied().fold(0.0, f64::max);

    let mut many = World::new(args.many)?;
    let many_rss = many.relay.rss()?;
    let round = many.round(3)?;
    let handed_over: Vec<_> = rounds.iter().map(|round| round.handed_over).collect();
    Ok(json!({
        "registrations": args.registrations,
        "handed_over_s": median(handed_over.clone()),
        "handed_over_worst_s": handed_over.iter().copied().fold(0.0, f64::max),
        "relay_cpu_us_per_push": cpu,
        "bare_cryptography_us": bare,
        "cpu_ratio": cpu / bare,
        "rss": rss,
        "rss_peak": peak,
        "disturbed": disturbed,
        "waiting": waiting,
        "one_bad_endpoint_delay_s": worst,
        "delays_with_one_bad_endpoint_s": one,
        "delays_with_six_bad_endpoints_s": six,
        "many": {
            "registrations": args.many,
            "handed_over_s": round.handed_over,
            "relay_cpu_us_per_push": round.cpu as f64 / f64::from(args.many),
            "rss": many_rss,
            "rss_peak": many.relay.peak_rss()?,
        },
    }))
}

/// What alerts take of memory whose services are all down.
fn waiting(registrations: u32) -> Result<Value, Box<dyn std::error::Error>> {
    let mut world = World::new(registrations)?;
    for sink in &world.sinks {
        sink.behave(|_| Behaviour::Answer(503));
    }
    let before = world.relay.rss()?;
    let mut alerts = 0;
    while alerts < WAITING && world.alert()? {
        alerts += 1;
    }
    // All pages have been read by then.
    std::thread::sleep(Duration::from_secs(20));
    Ok(json!({
        "alerts": alerts,
        "registrations": registrations,
        "rss_before": before,
        "rss": world.relay.rss()?,
        "rss_peak": world.relay.peak_rss()?,
    }))
}

impl World {
    fn new(registrations: u32) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let files = tempfile::tempdir()?;
        let authority = Authority::new();
        let ca = files.path().join("ca.pem");
        authority.write(&ca);
        let mut flags = vec!["--push-ca".to_owned(), ca.to_string_lossy().into_owned()];
        let mut sinks = Vec::new();
        for host in ["one.example.org", "two.example.org", "three.example.org"] {
            let sink = runtime.block_on(Sink::start(&authority, host, LATENCY));
            flags.extend(["--push-host", host, "--push-resolve", &sink.pin()].map(str::to_owned));
            sinks.push(sink);
        }
        let relay = Process::relay_with(16, &flags)?;
        let secret = relay.invitation.as_deref().ok_or("no invitation")?;
        let secret = URL_SAFE_NO_PAD.decode(secret)?.try_into().map_err(|_| "not a secret")?;
        let mut member = Blocking::connect(relay.address)?;
        member.found(secret)?;
        member.prove()?;
        let phone = Phone::new();
        let (key, auth) = (PushKey::from_slice(&phone.key()).ok_or("not a key")?, phone.auth());
        let register = |number: u32| {
            let mut endpoint = sinks[number as usize % sinks.len()].endpoint(&number.to_string());
            while endpoint.len() < ENDPOINT {
                endpoint.push('e');
            }
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
            ClientFrame::Register {
                request: number,
                channel: channel(),
                registration: RegistrationId(id),
                subscription: Subscription { endpoint, key, auth: PushAuth(auth) },
                proved_at: 0,
            }
        };
        for from in (0..registrations).step_by(48) {
            let frames: Vec<_> = (from..registrations.min(from + 48)).map(register).collect();
            member.ask_all(&frames)?;
        }
        Ok(Self { runtime, sinks, relay, member, records: 0, _files: files })
    }

    /// One alert, until the first `count` sinks have all of theirs.
    fn round(&mut self, count: usize) -> io::Result<Round> {
        for sink in &self.sinks {
            sink.clear();
        }
        let all = self.expected(count)?;
        let before = self.relay.cpu_us()?;
        if !self.alert()? {
            return Err(io::Error::other("not appended"));
        }
        let appended = Instant::now();
        let last = self.runtime.block_on(async {
            let mut last = appended;
            for (sink, expected) in self.sinks.iter().zip(all) {
                if !sink.wait(PATIENCE, |arrivals| arrivals.len() >= expected).await {
                    return Err(io::Error::other("not all pushes came"));
                }
                let arrivals = sink.arrivals();
                last = arrivals.iter().map(|arrival| arrival.at.into_std()).fold(last, Instant::max);
            }
            Ok(last)
        })?;
        // Answers and progress are the relay's work too.
        std::thread::sleep(Duration::from_millis(800));
        let cpu = self.relay.cpu_us()?.saturating_sub(before);
        Ok(Round { handed_over: (last - appended).as_secs_f64(), cpu })
    }

    /// Whether it was appended.
    fn alert(&mut self) -> io::Result<bool> {
        self.records += 1;
        let append = ClientFrame::Append {
            request: 1,
            channel: channel(),
            record: RecordId(self.records.to_be_bytes()),
            class: Class::Alert,
            control_seq: 0,
            rotate: None,
            body: vec![7; 1_300].into(),
        };
        Ok(matches!(self.member.ask(&append)?, RelayFrame::Appended { .. }))
    }

    /// How many pushes each sink gets.
    fn expected(&mut self, count: usize) -> io::Result<Vec<usize>> {
        let ask = ClientFrame::ReadCoverage { request: 1, channel: channel(), seq: 0 };
        let RelayFrame::Coverage { registered, .. } = self.member.ask(&ask)? else {
            return Err(io::Error::other("no coverage"));
        };
        let all = usize::try_from(registered).unwrap_or(usize::MAX);
        Ok((0..count).map(|sink| (all + self.sinks.len() - 1 - sink) / self.sinks.len()).collect())
    }
}

/// What encrypting the same payload costs by itself, per message. The three signatures of a run
/// are below a microsecond a message and left out, which is to the relay's disadvantage.
fn bare_us(messages: u32) -> Result<f64, Box<dyn std::error::Error>> {
    let phone = Phone::new();
    let (key, auth) = (PushKey::from_slice(&phone.key()).ok_or("not a key")?, PushAuth(phone.auth()));
    let subscription = Subscription { endpoint: String::new(), key, auth };
    let plain = vec![b' '; PUSH_BYTES];
    let before = thread_us()?;
    for _ in 0..messages {
        black_box(campana_relay::push::encrypt(&subscription, black_box(&plain))?);
    }
    Ok((thread_us()? - before) / f64::from(messages))
}

/// Processor time of this thread so far.
fn thread_us() -> io::Result<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = stat.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
    Ok(nanoseconds.ok_or_else(|| io::Error::other("no schedstat"))? / 1_000.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
