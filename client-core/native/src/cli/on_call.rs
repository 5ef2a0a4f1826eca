//! Whether this device is pushed to when a report comes.

use campana_core::Command;
use campana_core::view::DeskView;
use campana_protocol::event::Duty;
use serde_json::json;

use super::Desk;
use super::ask::{First, Looked, ask, look};
use super::failure::Failure;
use super::options::{OnCall, OnCallVerb};
use crate::words::codes;

pub(crate) async fn on_call(desk: &mut Desk, verb: OnCall) -> Result<(), Failure> {
    let mut looked = None;
    let view = match verb.verb {
        None => look(desk).await?.take(&mut looked),
        Some(verb) => {
            let (duty, from, to) = match verb {
                OnCallVerb::On { from, to } => (Duty::OnCall, from, to),
                OnCallVerb::Cover => (Duty::Cover, 0, 0),
                OnCallVerb::Off => (Duty::Off, 0, 0),
            };
            let command = Command::OnCall { duty, from, to };
            let done = |desk: &DeskView| desk.registered == (duty != Duty::Off);
            let asked = ask(
                desk,
                First::CatchUp,
                |_| Ok(vec![command.clone()]),
                |view, _| Ok(view.caught_up && view.desk.as_ref().is_some_and(done)),
            )
            .await?;
            let view = asked.view.clone();
            asked.end()?;
            view
        }
    };
    let mut lines = Vec::new();
    if let Some(known) = &view.desk {
        let words = &desk.screen.words;
        lines.push(words.code("oncall", codes::bell(known.duty)));
        let counts = [("n", known.on_call.into()), ("proved", known.proved.into())];
        lines.push(words.with("oncall-count", counts));
        lines.push(words.say("oncall-cost"));
    }
    desk.screen.result(&json!({"desk": view.desk}), &lines);
    looked.map_or(Ok(()), Looked::end)
}

/// Minutes of the day.
pub(crate) fn minute(text: &str) -> Result<u16, String> {
    let wrong = || "a time like 22:00".to_owned();
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let (hours, minutes): (u16, u16) =
        (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    if hours < 24 && minutes < 60 { Ok(hours * 60 + minutes) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_read_and_nothing_else() {
        assert_eq!((minute("00:00"), minute("22:30")), (Ok(0), Ok(1_350)));
        for wrong in ["", "22", "24:00", "12:60", "-1:00", "a:b", "12:00:00"] {
            assert!(minute(wrong).is_err(), "{wrong}");
        }
    }
}
