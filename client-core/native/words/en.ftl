# What a device says, in English. The same keys stand in every language file.
# Keys are `<kind>-<stable word>`; the stable words come from the core and the protocol.

## Incidents: shape, word, colour
headline-waiting-to-send = ◌ Your report — waiting to be sent
headline-sent = ○ Your report — sent to the desk
headline-unverified = ? REPORT TO VERIFY — not verified, { $missing ->
    [one] one confirmation missing
   *[other] { $missing } confirmations missing
}
headline-not-confirmed = – Not confirmed: verifiers found nothing
headline-other-agency = – Not immigration: verifiers found another agency
headline-unverifiable = – Verifiers could not tell
headline-verified = ● VERIFIED ALERT by { $count ->
    [one] one of your verifiers
   *[other] { $count } of your verifiers
} ({ $methods })
headline-false-alarm = ✕ FALSE ALARM — the alert was wrong
headline-all-clear = ✓ ALL CLEAR — it is over
drill-banner = ▲ SIMULACRO / DRILL — an exercise, not real
drill-waiting-to-send = your exercise report waits to be sent
drill-sent = your exercise report has been sent to the desk
drill-unverified = exercise report to verify, { $missing ->
    [one] one confirmation missing
   *[other] { $missing } confirmations missing
}
drill-not-confirmed = exercise: not confirmed
drill-other-agency = exercise: another agency
drill-unverifiable = exercise: could not tell
drill-verified = exercise confirmed by { $count ->
    [one] one verifier
   *[other] { $count } verifiers
} ({ $methods })
drill-false-alarm = exercise: false alarm
drill-all-clear = the exercise is over
zone = zone { $name }
zone-number = zone { $number }
age-now = just now
age-minutes = { $n } min ago
age-hours = { $n } h ago
age-days = { $n ->
    [one] one day ago
   *[other] { $n } days ago
}
incident-mine = from this device
incident-words = In the reporter's words: { $words }
may-attest = You can verify it: campana attest { $id } --finding … --method …
said-false-alarm = { $count ->
    [one] One of your verifiers says
   *[other] { $count } of your verifiers say
 } that it was wrong. The alert stands: { $missing } more to end it.
said-all-clear = { $count ->
    [one] One of your verifiers says
   *[other] { $count } of your verifiers say
 } that it is over. The alert stands: { $missing } more to end it.
may-change = You can change what you found: campana attest { $id } --finding … --method …
incident-disputed = Your finding did not count: this device's clock was off. Set it, then sign again.
may-follow-up = You can say that it is over or was wrong: campana correct { $id }, or campana all-clear { $id }

size-unknown = number of agents unknown
size-one = one agent
size-2-5 = 2–5 agents
size-6-10 = 6–10 agents
size-over-10 = more than 10 agents
activity-watching = watching
activity-knocking = knocking on doors
activity-questioning = questioning people
activity-detaining = detaining people
activity-loading = putting people into vehicles
activity-checkpoint = checkpoint
activity-leaving = leaving
activity-gone = gone
setting-unknown = place not told
setting-home = at a home
setting-work = at a workplace
setting-street = in the street
setting-court = at a court
setting-school = at a school
setting-church = at a church
setting-car = at a car
unit-cannot-tell = markings not read
unit-ice = ICE
unit-hsi = HSI
unit-cbp = CBP
unit-police = police
unit-marshals = US Marshals
unit-none = no markings
when-now = now
when-minutes-ago = a few minutes ago
when-hour-ago = about an hour ago
when-earlier = longer ago
equipment-weapons = weapons
equipment-masks = masks
equipment-vehicles = vehicles
equipment-tools = tools
finding-confirmed = confirmed
finding-nothing = nothing there
finding-other-agency = another agency
finding-cannot-tell = could not tell
method-in-person = in person
method-live-video = live video
method-photo-and-call = photo and call
method-known-source = source we know

notice-report = A report to verify
notice-alert = Verified alert
notice-drill = Drill
notice-false-alarm = Correction: false alarm
notice-said-false-alarm = One of your verifiers says: false alarm. The alert stands until enough of them say so
notice-said-all-clear = One of your verifiers says: all clear. The alert stands until enough of them say so
notice-all-clear = All clear
notice-unread = An alert that this device cannot read

## Where a device stands
stage-nowhere = In no network. Start one with an operator's link (campana start) or join with an invite (campana join).
stage-founding = The network is being founded: the committee is not complete yet.
stage-waiting = In the waiting room: the committee has your request.
stage-invite-expired = Not admitted: the invite had expired. Ask for a new one.
stage-invite-revoked = Not admitted: the invite was revoked. Ask for a new one.
stage-declined = Not admitted. Ask the person who invited you.
stage-member = Member.
stage-removed = The membership of this device has ended.
stage-invitation-refused = The server did not accept the operator's invitation: it was used, has expired, or is not its own. Ask the operator for a new one.
role-committee = committee
role-dispatcher = dispatcher
role-verifier = verifier
role-responder = responder
role-none = member
person-waiting = waiting
person-admitting = being admitted
person-member = member
person-declined = declined
person-removed = removed
warning-clock-off = This device's clock is wrong by more than five minutes: set it.
warning-behind = This device was away for so long that what it missed is gone. It is being let back in on its own; that can take some minutes.
warning-rolled-back = This store is an older copy of itself. The device is rejoining on its own; nothing will be shown twice.
warning-forked = The server has shown this device another history than it showed others. Tell the committee and do not trust this server.
warning-forged-alert = Something claimed to be an alert and was not signed by your verifiers. It is not shown. Tell the committee.
warning-single-committee = One device alone can do everything (1 of 1). If it is lost or taken, so is the network. Start with 2 of 3.
warning-locked-out = Members are locked out at the server: the network's key there was changed, and no decision of the committee explains it. The committee's devices put it right by themselves; one of them, or the server, is in other hands. Tell the committee.
warning-owner-replaced = The server does not take this committee device any more, and no decision of the committee explains it: another committee device, or the server, is in other hands. Tell the others on the committee.
warning-relay-restored = The server was put back to an older copy. What it lost is being sent again, and new messages wait until a committee device has been connected for a few minutes. On the committee: leave `watch` running. In an emergency, call.
warning-log-lost = The server was put back to an older copy and went on without messages that this device had. It is being let in again by itself and then sends its own messages of the last two days again. If this stays for a day, tell the committee: a decision was lost, and has to be made again from a device that does not warn, or the network founded anew.
warning-refused = The server refuses this device; it may have been offline too long. Ask for a new invite.
warning-unread = Alerts came that this device cannot read. Ask the hotline what they say; campana dismiss clears this.
warning-astray = This device cannot follow the others. It is being let back in on its own; until then it cannot read alerts. Ask the hotline.
warning-update-needed = This program is too old for your network or its server: update Campana. Until then alerts may not arrive.
warning-alert-refused = The server does not take an alert of this device. It is tried again. Tell the committee.
suspicion = { $count ->
    [one] Seen once
   *[other] Seen { $count } times
 }, last { $when }, by { $who }. To put it away: campana dismiss
suspicion-unknown = somebody unknown, or the server itself
dismissed = Dismissed. It comes back with the next one.
warning-relay-full = The server can't store anything now: what you send waits on this device.

## Answers
status-network = Network { $name }: { $members ->
    [one] one device
   *[other] { $members } devices
}, committee { $k } of { $n }, { $v ->
    [one] one confirmation verifies
   *[other] { $v } confirmations verify
}
status-roles = Your roles: { $roles }
status-key = Your key: { $key }
status-zones = Zones: { $zones }
status-chain = Rules { $height } ({ $head }), history { $cursor } ({ $log })
status-unsent = { $n ->
    [0] Nothing waits to be sent.
    [one] One thing waits to be sent.
   *[other] { $n } things wait to be sent.
}
status-behind = Not everything the server has is here yet.
link-up = Connected.
link-down = Not connected ({ $why }). Trying again.
started = The network "{ $name }" has been started.
started-next = Next: campana invite --committee, once for each other committee device ({ $missing } missing).
start-alone-risk = 1 of 1: this device alone can do everything. If it is lost or taken, so is the network. For real use start with --committee 3 --threshold 2.
invite-made = Invite { $id }. Whoever has this link can ask to join; send it privately:
invite-revoked = Invite { $id } is revoked.
invite-line = { $id } — until { $hours } h from now{ $committee ->
    [yes] , for a committee device
   *[no] { "" }
}
invites-none = No invites in force.
join-sent = Your request is with the committee. Once you are admitted, campana status takes you in.
join-done = You are in.
people-none = Nobody yet.
person-line = { $handle } — { $state } — { $roles } — #{ $code }{ $namesake ->
    [yes] {" "}— ANOTHER PERSON HAS THIS NAME: compare the code
   *[no] { "" }
}
your-code = Your code: #{ $code }. Whoever knows you compares it on the committee's list.
admitted = { $n ->
    [one] One person admitted.
   *[other] { $n } people admitted.
}
admitted-none = Nobody waits.
declined = Declined: { $n }.
draft-made = Draft { $id }: { $signatures } of { $needed } signatures. Nothing changes until { $missing ->
    [one] one more committee device approves
   *[other] { $missing } more committee devices approve
}: campana approve { $short }
draft-applied = Signed and in force.
draft-withdrawn = Draft { $short }: taken back. Devices with an older version still count what they have.
draft-line = { $short } — { $operations } — by { $author } — { $signatures } of { $needed } signatures{ $signed ->
    [yes] , signed by this device
   *[no] { "" }
}
drafts-none = No drafts wait for signatures.
operation-grant = { $person } becomes { $role }
operation-revoke = { $person } is no longer { $role }
operation-remove = { $person } is removed
operation-zones = zones: { $rest }
operation-rule = new rules ({ $rest }): older apps stop until they are updated
operation-unknown = something that only a newer version knows: update before you sign
operation-constitute = the committee: { $rest }
operation-desk = reports go to a new desk mailbox
zone-add = new { $code } “{ $name }”
zone-rename = { $code } “{ $from }” is called “{ $name }”
zone-retire = without { $code } “{ $name }”
zone-restore = again { $code } “{ $name }”
approved-none = Nothing to approve.
reported = Report { $id } is with the desk.
attested = Your finding on { $id } is signed and sent.
followed-up = Sent to everybody who got the alert. It ends when as many say so as verify one.
incidents-none = No incidents.
queue = Waiting room: { $n ->
    [0] empty
    [one] one person
   *[other] { $n } people
}. Drafts to sign: { $drafts }.
watching = Watching. Stop with Ctrl+C.

## Errors
error-line = Not done: { $message }
error-link-not-a-link = there is no Campana link in this: copy the whole link or scan the code again
error-link-bare = this is an address without an invite: the part from # on is missing. Copy the whole link; in a shell put it in quotes
error-link-damaged = the link was changed on the way: copy it again or scan the code
error-link-cut-short = part of the link is missing: copy the whole link or scan the code again
error-link-no-address = the start of the link, the server's address, is missing: copy the whole link
error-link-other-kind = this is a link of the other kind: "start" takes a server's invitation, "join" takes an invite into a network
error-link-several = there are two different links in this: copy only one of them
error-already-in-a-network = this device belongs to a network already: use another --store for another network, or leave this one (campana leave)
error-not-in-a-network = this device is in no network yet: start one or join one
error-not-admitted = not admitted yet: wait for the committee
error-not-committee = only a committee device can do this
error-not-constituted = the committee is not complete yet: let its other devices join first
error-constituted = the committee is complete: committee invites are only for founding
error-needs-role = only a { $role } can do this
error-bad-threshold = thresholds must satisfy 1 ≤ k ≤ n ≤ 16, and 1 to 8 confirmations
error-bad-name = a name must have 1 to 64 characters
error-too-long = too long: shorten it
error-unknown-person = nobody called "{ $name }" is known here: see campana people
error-ambiguous-person = "{ $name }" could be several people: { $candidates }; use the code, in quotes: "#…"
error-unknown-invite = no such invite: see campana invite list
error-unknown-draft = no such draft, or it has been decided: see campana drafts
error-update-needed = a newer version of this program is needed: update it, then try again
error-draft-update-needed = it holds something that only a newer version can show: update, then sign
error-draft-desk = it moves the desk although nobody leaves it, or to where your verifiers do not read: this device does not sign it
error-draft-other-leaf = it names one person and removes another's device: this device does not sign it
error-draft-stranger = it names somebody of whom this device has no record: this device does not sign it
error-not-signed = this device has not signed this draft
error-unknown-zone = no zone has this number: see campana status
error-unknown-incident = no such incident on this device: see campana incidents
error-ambiguous-id = "{ $name }" could be several: write more of it
error-clock-off = this device's clock and the server's are more than five minutes apart: set it, then sign again
error-own-report = whoever reported can't verify the same report
error-already-done = this has been done already
error-not-an-alert = only a verified alert can be followed up
error-bug = internal fault: nothing was changed; please report it
error-invitation-refused = the server did not accept the operator's invitation: it was used, has expired, or is not its own. Ask the operator for a new one
error-invite-expired = the invite had expired: ask for a new one
error-invite-revoked = the invite was revoked: ask for a new one
error-declined = the committee did not admit this device: ask the person who invited you
error-removed = the membership of this device has ended
error-store-unreadable = can't use the store ({ $detail }): check the path and its permissions
error-store-newer = this store was written by a newer version of Campana: update, then open it again. Nothing was changed
error-store-damaged = the store is damaged ({ $detail }): restore a copy of the whole directory, or move it away and join again with a new invite
error-store-busy = another Campana process keeps this store busy: stop it, then try again
error-store-write = can't write to the store ({ $detail }): nothing was changed; make room and try again
error-rows-damaged = the store is damaged or its vault key is another's: restore a copy of the whole directory, or move it away and join again with a new invite
error-no-random = the system gives no random bytes: { $detail }
error-vault-unreadable = can't use the vault key ({ $detail })
error-vault-damaged = the vault file is damaged: restore it from a copy of the store
error-vault-missing = the store has rows and no vault key: restore vault.key from a copy, or move the store away and join again
error-passphrase-needed = this store is locked with a passphrase: give it with --passphrase-file or CAMPANA_PASSPHRASE
error-passphrase-wrong = wrong passphrase: nothing was changed, try again
error-passphrase-unused = this store has no passphrase: leave --passphrase-file and CAMPANA_PASSPHRASE out
error-passphrase-file = can't read the passphrase file ({ $detail })
error-no-store = no place for the store: give --store DIR or set CAMPANA_STORE
error-no-input = can't read the link from standard input
error-not-a-push = not what the server pushes: give the decrypted push on standard input
error-endpoint-refused = alerts could not be turned on: the server does not send to that host (its operator must allow it with --push-host), or the push service has ended the endpoint
error-watch-running = another "campana watch" runs on this store: one at a time, so that nothing is shown twice

alerts-unavailable = Alerts: the server does not push
alerts-unsupported = Alerts: not possible here
alerts-needs-install = Alerts: install the app first
alerts-blocked = Alerts: notifications are not allowed
alerts-off = Alerts: off
alerts-turning-on = Alerts: being turned on
alerts-stopped = Alerts: STOPPED, turn them on again
push-key = The server's key for subscriptions (VAPID): { $key }
alerts-refused = Alerts: on, but the push service refused the last alert or test for this device: send a test, or turn them off and on
alerts-untested = Alerts: on, never tested
alerts-unproved = Alerts: on, nothing has arrived for three days
alerts-on = Alerts: on and working
oncall-off = Reports: this device is not pushed to
oncall-on-call = Reports: on call
oncall-cover = Reports: cover
oncall-count = { $n } on call now; { $proved } of their phones have shown within three days that they ring
oncall-cost = The push service can tell that this device gets more notices than others.
status-reach = { $registered } of { $members } phones have alerts on; { $proved } have shown within three days that they work
error-alerts-off = alerts are not on: turn them on first

## What is not finished, and what is not known to be all
still-unsent = { $n ->
    [one] One thing still waits to be sent
   *[other] { $n } things still wait to be sent
}: any later command sends it, or leave "campana watch" running.
waiting-offline = Kept in this device's outbox, as --offline asks. The next command without it sends it. Do not repeat this one.
waiting-unreachable = Not finished yet. It is safe in this device's outbox and goes out when the server can be reached: leave "campana watch" running. Do not repeat the command. The server: { $why }
waiting-unsent = Not finished yet. The server is reached and has not taken everything: { $n ->
    [one] one thing waits
   *[other] { $n } things wait
} in this device's outbox. See campana status for warnings; leave "campana watch" running. Do not repeat the command.
waiting-behind = Not finished yet. The server is reached, and not everything it has is here: leave "campana watch" running. Do not repeat the command.
waiting-unanswered = Not finished yet. It has been sent, and others have not answered: look again later with campana status. Do not repeat the command.
stale-offline = The server was not asked (--offline).
stale-unreachable = The server could not be reached ({ $why }).
stale-unsent = The server has not taken everything from this device yet.
stale-behind = Not everything the server has is here yet.
stale-unanswered = The server has not answered everything yet.
stale-since = There may be more: this is what this device knew at { $when }.
stale-never = There may be more: this device has never held all that the server has.
not-waiting-waiting = waits
not-waiting-admitting = is being admitted already
not-waiting-member = is a member already; a membership ends with campana remove
not-waiting-declined = was declined; a new request (campana join, with any valid invite) can be admitted
not-waiting-removed = was removed; a new request (campana join, with any valid invite) can be admitted
error-not-waiting = { $name } does not wait: { $state }. Nothing was changed
error-no-zone = no zone has the number { $zone }. There are: { $zones }; 0 is none
error-no-zones = this network has no zones: leave --zone out
incidents-unknown = No incidents are known here.
list-unknown = Nothing is known here.
next-founding-invite = Next: { $n ->
    [one] one committee device is missing
   *[other] { $n } committee devices are missing
}. Here: campana invite --committee. There: campana join. Then here: campana admit.
next-founding-sign = Next: { $n ->
    [one] one committee device has
   *[other] { $n } committee devices have
} to sign the constitution: run campana status on each of them, then once more here.
next-founding-finish = Next: run campana status on the device that founded the network (it takes up to half a minute), then once more here.

## Leaving, and the passphrase
left = This device has left. Its keys and all that it kept of the network are erased here.
left-stays = What stays: the committee's list still has this device until the committee removes it (campana remove), and others keep what you sent them. Backups of the store, and some disks, may keep copies.
leave-sure = Leave "{ $name }"? Everything that this device keeps of it is erased; coming back takes a new invite. [y/N]
leave-sure-unknown = Erase this store? Coming back takes a new invite. [y/N]
leave-yes = y yes
error-not-sure = nothing was erased: to leave, answer y, or give --yes
error-no-store-here = there is no store at { $detail }: nothing was erased
error-passphrase-empty = an empty passphrase protects nothing: nothing was changed; write one, or leave it out
passphrase-set = The store is locked with the new passphrase.
passphrase-removed = The store has no passphrase any more: whoever takes the disk can open it.
passphrase-copies = Older copies of the store still open with what opened them.

## The way to the server
error-ca-file = can't use the file of certificate authorities ({ $detail })
lost-unreachable = it can't be reached ({ $detail })
lost-redirected = what answers at its address sends elsewhere, to { $detail }: the login page of a Wi-Fi, or an address that has moved. Log in there, or ask the committee for the address
lost-not-a-relay = what answers at its address is no server ({ $detail }): a login page, or a proxy that does not pass WebSockets on
lost-certificate = its certificate is not trusted ({ $detail }): somebody may stand between, a clock may be wrong, or its authority has to be given with --ca
lost-proxy = the proxy does not let it through ({ $detail })
lost-closed = it closed the connection ({ $detail })
lost-silent = nothing comes from it any more

## watch --exec
exec-not-started = The program of --exec could not be started: { $detail }. Nobody was told by it.
exec-failed = The program of --exec failed (exit code { $detail }).
exec-too-long = The program of --exec took too long and was ended (--exec-timeout).
exec-queue-full = Too many notices wait for the program of --exec: it is not run for this one.

## Wrong usage
usage-value = "{ $value }" is not taken for { $argument }.
usage-valid = It takes: { $valid }.
usage-unknown = There is no option { $argument } here.
usage-command = There is no command "{ $argument }".
usage-missing = Missing: { $argument }.
usage-conflict = { $argument } does not go with { $other }.
usage-nothing = A command is missing.
usage-other = This command line is not understood ({ $argument }).
usage-help = See campana --help.
