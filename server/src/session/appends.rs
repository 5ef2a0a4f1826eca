//! Appending, as far as it is decided before the store judges it: what each class costs others.

use campana_protocol::code::Code;
use campana_protocol::frame::Class;

use super::Session;
use super::requests::within;
use crate::flood::Ration;
use crate::shared::Shared;
use crate::store::{Append, ReadError, Rights, Store, Write};

impl Session {
    pub(super) fn append<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        mut append: Append,
    ) -> Result<(), Code> {
        within(append.body.len(), append.class.max_body())?;
        if append.rotate.is_some() && append.class != Class::Control {
            return Err(Code::Malformed);
        }
        let ration = match append.class {
            Class::Update => self.members(shared, &append)?.then_some(Ration::Updates(append.channel)),
            Class::Control => self.members(shared, &append)?.then_some(Ration::Control(append.channel)),
            Class::Alert => self.alert(shared, &mut append)?.then_some(Ration::Alerts(append.channel)),
        };
        if let Some(ration) = ration {
            self.draw(shared, now, ration, append.body.len())?;
        }
        self.submit(shared, request, Write::Append(append))
    }

    /// Whether an entry draws on the members' ration. Each control entry makes everybody's next append
    /// stale, and every phone fetches each update: one member that sends one after the other would stop the
    /// channel, or fill its phones. Owners' are not rationed: whoever is one can stop a channel in other ways.
    fn members<S: Store>(&self, shared: &Shared<S>, append: &Append) -> Result<bool, Code> {
        let rights = shared.store.rights(&append.channel, &append.by).map_err(ReadError::code)?;
        Ok(rights == Some(Rights::Current) && !cannot_be_new(shared, append)?)
    }

    /// Whether an alert draws on the channel's ration. Each rings every phone: they are rationed whoever
    /// appends them, and those who may not append them use up nothing. Notes what was proved of the
    /// channel's guard.
    fn alert<S: Store>(&self, shared: &Shared<S>, append: &mut Append) -> Result<bool, Code> {
        let rights = shared.store.rights(&append.channel, &append.by).map_err(ReadError::code)?;
        let mut guarding = rights == Some(Rights::Owner);
        match shared.store.guard(&append.channel).map_err(ReadError::code)? {
            None => guarding = true,
            Some(guard) => {
                append.in_guard = self.grants.keys(&guard).unwrap_or_default();
                let in_guard = shared.store.rights(&guard, &append.in_guard).map_err(ReadError::code)?;
                guarding |= in_guard.is_some_and(Rights::current);
            }
        }
        // Those the store refuses, or finds again, are left out.
        Ok(guarding && rights.is_some_and(Rights::current) && !cannot_be_new(shared, append)?)
    }
}

/// Whether it is stale whatever still waits for a commit: then it is there already, or refused.
fn cannot_be_new<S: Store>(shared: &Shared<S>, append: &Append) -> Result<bool, Code> {
    let head = shared.store.head(&append.channel).map_err(ReadError::code)?;
    Ok(append.control_seq < head.last_control)
}
