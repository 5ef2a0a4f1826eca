//! Reports, findings, alerts and what follows; and how an incident reads.

use campana_core::view::{IncidentView, Stage, Status, View};
use campana_core::{Command, CommandError, Reply};
use campana_protocol::id::IncidentId;
use campana_protocol::report::FollowUpKind;
use serde_json::json;

use super::ask::{First, ask, look_inside, settled};
use super::clock::when;
use super::failure::Failure;
use super::options::{Attest, Incident, Report};
use super::screen::Colour;
use super::{Desk, names};
use crate::words::{Words, codes};

pub(crate) async fn report(desk: &mut Desk, verb: Report) -> Result<(), Failure> {
    let form = verb.form();
    // A report is durable before the first packet leaves; only for a zone that is not known here the
    // rules are caught up with first.
    // And whoever waits may have been admitted since.
    let ready = |view: View| view.stage != Stage::Waiting && check_zone(&view, form.zone).is_ok();
    let known = desk.edge.device().view().is_some_and(ready);
    let asked = ask(
        desk,
        if known { First::Ask } else { First::CatchUp },
        |view| {
            check_zone(view, form.zone)?;
            Ok(vec![Command::Report(form.clone())])
        },
        |view, replies| Ok(view.unsent == 0 && sent(view, replies)),
    )
    .await?;
    let [Reply::Incident(incident)] = asked.replies.as_slice() else { return Err(CommandError::Bug.into()) };
    let id = incident.to_string();
    let line = desk.screen.words.with("reported", [("id", names::short(&id).into())]);
    let value = json!({"done": asked.done(), "incident": id});
    desk.screen.result(&value, if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

/// Refuses a number that no zone has; outside a network the core has the better answer.
fn check_zone(view: &View, zone: u16) -> Result<(), Failure> {
    let Some(network) = &view.network else { return Ok(()) };
    if zone == 0 || network.zones.iter().any(|known| known.code == zone) {
        return Ok(());
    }
    let zones = network.zones.iter().map(|known| format!("{} {}", known.code, known.name)).collect();
    Err(Failure::NoZone { zone, zones })
}

fn sent(view: &View, replies: &[Reply]) -> bool {
    let ids: Vec<String> = replies
        .iter()
        .filter_map(|reply| if let Reply::Incident(id) = reply { Some(id.to_string()) } else { None })
        .collect();
    !view.incidents.iter().any(|seen| ids.contains(&seen.id) && seen.status == Status::WaitingToSend)
}

pub(crate) async fn attest(desk: &mut Desk, verb: Attest) -> Result<(), Failure> {
    let (finding, method) = (verb.finding, verb.method);
    about(desk, &verb.incident, "attested", |incident| Command::Attest { incident, finding, method }).await
}

pub(crate) async fn correct(desk: &mut Desk, verb: Incident) -> Result<(), Failure> {
    let kind = FollowUpKind::FalseAlarm;
    about(desk, &verb.incident, "followed-up", |incident| Command::FollowUp { incident, kind }).await
}

pub(crate) async fn all_clear(desk: &mut Desk, verb: Incident) -> Result<(), Failure> {
    let kind = FollowUpKind::AllClear;
    about(desk, &verb.incident, "followed-up", |incident| Command::FollowUp { incident, kind }).await
}

async fn about(
    desk: &mut Desk,
    beginning: &str,
    answer: &str,
    command: impl Fn(IncidentId) -> Command,
) -> Result<(), Failure> {
    let mut meant = String::new();
    let asked = ask(
        desk,
        First::CatchUp,
        |view| {
            let ids = view.incidents.iter().map(|incident| &incident.id);
            meant.clone_from(names::id(ids, beginning, CommandError::UnknownIncident)?);
            Ok(vec![command(IncidentId::parse(&meant).ok_or(CommandError::Bug)?)])
        },
        |view, _| Ok(settled(view)),
    )
    .await?;
    let line = desk.screen.words.with(answer, [("id", names::short(&meant).into())]);
    let incident = asked.view.incidents.iter().find(|incident| incident.id == meant);
    let value = json!({"done": asked.done(), "incident": incident});
    desk.screen.result(&value, if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

pub(crate) async fn list(desk: &mut Desk) -> Result<(), Failure> {
    let looked = look_inside(desk).await?;
    let incidents = &looked.view.incidents;
    desk.screen.answer(&json!({"incidents": incidents}));
    if incidents.is_empty() {
        // Nobody may take "none is known here" for "there is none".
        let key = if looked.is_whole() { "incidents-none" } else { "incidents-unknown" };
        let _ = desk.screen.line(&desk.screen.words.say(key));
    }
    for incident in incidents {
        for (colour, line) in lines(&desk.screen.words, incident) {
            let _ = desk.screen.coloured(colour, &line);
        }
    }
    looked.end()
}

/// An incident, in lines: the headline by shape, word and colour; then what belongs to it here.
pub(crate) fn lines(words: &Words, incident: &IncidentView) -> Vec<(Colour, String)> {
    let mut lines = vec![(colour(incident), headline(words, incident))];
    let mut more = |text: String| lines.push((Colour::Dim, format!("   {text}")));
    if let Some(text) = incident.words.as_deref().filter(|text| !text.is_empty()) {
        more(words.with("incident-words", [("words", text.into())]));
    }
    let id = names::short(&incident.id);
    for said in &incident.said {
        let key = format!("said-{}", said.kind);
        more(words.with(&key, [("count", said.count.into()), ("missing", said.missing.into())]));
    }
    if incident.disputed {
        more(words.say("incident-disputed"));
    }
    if incident.may_change {
        more(words.with("may-change", [("id", id.into())]));
    }
    if incident.may_attest {
        more(words.with("may-attest", [("id", id.into())]));
    }
    if incident.may_follow_up {
        more(words.with("may-follow-up", [("id", id.into())]));
    }
    lines
}

fn headline(words: &Words, incident: &IncidentView) -> String {
    let status = codes::status(incident.status);
    let methods: Vec<String> =
        incident.attestations.iter().map(|attestation| words.code("method", attestation.method)).collect();
    let kind = if incident.drill { "drill" } else { "headline" };
    let status = words.with(
        &format!("{kind}-{status}"),
        [
            ("count", incident.attestations.len().into()),
            ("methods", methods.join("; ").into()),
            ("missing", incident.missing.into()),
        ],
    );
    let mut parts = if incident.drill { vec![words.say("drill-banner"), status] } else { vec![status] };
    if let Some(report) = &incident.report {
        if !report.activities.is_empty() {
            parts.push(words.codes("activity", &report.activities));
        }
        match &report.zone_name {
            Some(name) => parts.push(words.with("zone", [("name", name.as_str().into())])),
            None if report.zone != 0 => {
                parts.push(words.with("zone-number", [("number", report.zone.into())]))
            }
            None => {}
        }
        parts.push(words.code("size", report.size));
        if report.setting != "unknown" {
            parts.push(words.code("setting", report.setting));
        }
        if !report.units.is_empty() {
            parts.push(words.codes("unit", &report.units));
        }
        if !report.equipment.is_empty() {
            parts.push(words.codes("equipment", &report.equipment));
        }
        parts.push(when(words, incident.at));
    }
    if incident.mine {
        parts.push(words.say("incident-mine"));
    }
    parts.push(format!("[{}]", names::short(&incident.id)));
    parts.join(" — ")
}

const fn colour(incident: &IncidentView) -> Colour {
    if incident.drill {
        return Colour::Blue;
    }
    match incident.status {
        Status::Verified => Colour::Red,
        Status::AllClear => Colour::Green,
        Status::FalseAlarm | Status::Unverified => Colour::Yellow,
        _ => Colour::Plain,
    }
}

#[cfg(test)]
mod tests {
    use campana_core::view::{AttestationView, ReportView};

    use super::*;
    use crate::device::now;
    use crate::words::Language;

    fn incident(status: Status, drill: bool) -> IncidentView {
        let attestation = |method| AttestationView { finding: "confirmed", method, at: 0, mine: false };
        IncidentView {
            id: "AAAABBBBCCCCDDDD".into(),
            status,
            drill,
            mine: false,
            report: Some(ReportView {
                reported_at: 0,
                size: "2-5",
                activities: vec!["detaining"],
                setting: "unknown",
                zone: 1,
                zone_name: Some("Holyoke".into()),
                units: vec![],
                when: "now",
                equipment: vec![],
            }),
            words: None,
            attestations: vec![attestation("in-person"), attestation("photo-and-call")],
            missing: 0,
            updated_at: 0,
            recent: false,
            past: false,
            notice: None,
            at: now() - 185_000,
            quiet: false,
            coverage: None,
            said: vec![],
            disputed: false,
            may_attest: false,
            may_change: false,
            may_follow_up: false,
        }
    }

    #[test]
    fn an_alert_says_who_verified_what_where_and_when() {
        let known = incident(Status::Verified, false);
        let at = known.at;
        let alert = lines(&Words::new(Language::Es), &known);
        assert_eq!(
            alert,
            [(
                Colour::Red,
                format!(
                    "● ALERTA VERIFICADA por 2 de tus verificadores (en persona; foto y llamada) — detienen a \
                     gente — zona Holyoke — de 2 a 5 agentes — {} — [AAAABBBB]",
                    when(&Words::new(Language::Es), at)
                )
            )]
        );
    }

    #[test]
    fn a_drill_is_one_in_every_status_and_language() {
        let statuses = [
            Status::WaitingToSend,
            Status::Sent,
            Status::Unverified,
            Status::NotConfirmed,
            Status::OtherAgency,
        ];
        let more = [Status::Unverifiable, Status::Verified, Status::FalseAlarm, Status::AllClear];
        for status in statuses.into_iter().chain(more) {
            for language in Language::ALL {
                let (colour, line) = lines(&Words::new(language), &incident(status, true)).remove(0);
                assert_eq!(colour, Colour::Blue);
                assert!(line.starts_with("▲ SIMULACRO / DRILL"), "{line}");
                assert!(!line.contains('●'), "{line}");
            }
        }
    }
}
