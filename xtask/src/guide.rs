//! `cargo xtask guide`: the guide's pictures, which are the app's own screens.

use clap::Args;

use crate::command::{Outcome, cargo, run, step, target};
use crate::pwa;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only put pictures that have been drawn already beside the guide.
    #[arg(long)]
    drawn: bool,
}

/// Plays a network in a browser, draws every screen into docs/screens, and puts those that the guide names
/// into docs/guide/pictures.
pub(crate) fn guide(options: &Options) -> Outcome {
    pwa::packages()?;
    if options.drawn {
        return run(&mut pwa::npm(&["run", "--silent", "guide"]));
    }
    pwa::build_if_changed()?;
    let binaries = ["build", "--package", "campana-relay", "--package", "campana-native"];
    step("Compiling the relay and the terminal's client", "2 minutes", &mut cargo(&binaries))?;
    let mut screens = pwa::npm(&["run", "--silent", "screens"]);
    step("Drawing every screen", "6 minutes", screens.env("CAMPANA_BINARIES", target().join("debug")))?;
    // The pages with their new pictures.
    pwa::build_if_changed()
}
