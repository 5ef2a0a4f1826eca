# What the screens say, in English. The same keys stand in every language file; keys of codes are
# `<kind>-<stable word>`.

app-name = Campana
app-about = When there is a raid, people you trust check it, and everyone in your network hears of it. The server in between can read nothing.
language-choose = Choose your language
next = Next
back = Back
cancel = Cancel
close = Close
copy = Copy
copied = Copied
share = Share
share-failed = The phone has not said that it was shared. If nothing was sent, copy it.
retry = Try again
more = More details
loading = Opening…

## Links
have-invite = I have an invite
scan-code = Scan a code
paste-link = Paste a link
link-label = Link
camera-help = Point the camera at the code.
camera-none = The camera can't be used here. Paste the link instead.
invite-ask = You need an invite from somebody in the network. Open the link on this phone, scan the code, or paste the link here.
scan-failed = The code reader could not be loaded. Check the connection, or paste the link.
link-elsewhere = This invite belongs to another server
link-elsewhere-help = Here you are at { $here }; the invite is from { $there }. Open it there.
link-open-there = Open { $there }
link-member = This phone is in a network already
link-member-help = You don't need this invite on this phone. To join another network, use another phone or another browser.
link-pending = Reading your invite…
link-kept = You came with a link. It is kept, and read in a moment.
link-kept-join = You have an invite to { $name }. It is kept.
link-kept-operator = You have an invitation to start a network. It is kept.
link-wrong = This link leads nowhere
link-without = Go on without it
link-go-on = Go on with it
loading-slow = The connection is slow. It goes on by itself; nothing you came with is lost.
copy-failed = The browser did not let it be copied. Select this text and copy it.
in-app-title = First open this in your browser
in-app-first = This window belongs to another app. What you do here can be lost with it, and alerts never ring.
in-app-copy-help = Or copy the invite, open Safari, Chrome or Firefox, and paste it where addresses go.
in-app-anyway = Go on here nevertheless
open-https = Open { $there } with https
language-failed = That could not be loaded. Check the connection and try again.

## Starting a network
start-title = Start a network
start-name = Name of the network
start-name-help = Everyone in it sees this name.
start-name-needed = Enter the name of the network.
start-committee = The worker committee
start-committee-help = The committee decides who verifies. It should be several devices, so that no stolen phone can decide alone.
start-committee-one = One device
start-committee-one-risk = Whoever takes this one device has the whole network. Only for trying things out.
start-committee-of = { $k } of { $n } devices
start-committee-of-help = { $n } devices; every decision needs { $k } of them.
start-confirmations = How many people must confirm a report to make it an alert?
start-go = Start
founding-title = Complete the committee
founding-help = { $name }: { $here } of { $n } committee devices are here. Show this code to the others on the committee; then admit them below.
founding-wait = The network begins when all of them have signed.

## Joining
join-title = Join { $name }
join-handle = What should the committee call you?
join-handle-help = Only the worker committee sees this. A first name or nickname is enough.
join-handle-needed = Enter a name or nickname.
join-go = Ask to join
joining-committee = This invite is for the committee.
stage-waiting = You are in the waiting room
stage-waiting-help = The committee has your request and decides. You can close the app; it goes on when you open it again.
my-code = My code
my-code-help = Tell it to somebody on the committee, in person or on the phone: beside your name they see the same.
stage-invite-expired = This invite has expired
stage-invite-revoked = The invite was withdrawn
stage-declined = Not admitted
stage-removed = You are no longer in this network
stage-invitation-refused = The server did not accept this invitation
stage-ended-help = Ask the person who invited you for a new invite. Open it on this phone, or use its code or link here.
waiting-other = Use another invite, or stop waiting
waiting-leave = Stop waiting
waiting-leave-help = This device forgets the invite. The committee will still see your request.
rejoin = Join again

## Home
home = Home
home-quiet = No alerts
home-quiet-help = When your verifiers confirm something, it shows here.
home-known = No alerts as of { $when }
home-known-help = Since then this phone has not received what the network has.
home-unknown = Not known yet whether there are alerts
home-unknown-help = This phone has not received what the network has yet. It needs a connection.
home-live-more = More alerts
home-earlier = Earlier
home-more = Show older ones
report-button = Report
unsent = { $n ->
    [one] 1 thing waiting to be sent
   *[other] { $n } things waiting to be sent
}
link-none = Not connected
link-offline = Offline – what you send waits on this phone
link-connecting = Connecting…
link-online = Connected
catching-up = Catching up…
saving = Saving…
update-ready = A new version is ready.
update-go = Restart

## Incidents
status-waiting-to-send = Waiting to be sent
status-sent = Sent – being checked
status-unverified = Not verified
status-not-confirmed = Not confirmed
status-other-agency = Another agency
status-unverifiable = Could not be checked
status-verified = Verified
status-false-alarm = False alarm
status-all-clear = All clear
headline-verified = Alert
headline-false-alarm = False alarm: the alert was a mistake
headline-all-clear = All clear: it is over
drill = Drill
drill-help = This is an exercise. Nothing is happening.
verified-by = Verified by { $n ->
    [one] one of your verifiers
   *[other] { $n } of your verifiers
}
verified-trust = Your verifiers signed this, and this phone checked their signatures. The server can't fake it.
missing = { $n ->
    [one] One confirmation missing
   *[other] { $n } confirmations missing
}
age-now = just now
age-minutes = { $n } min ago
age-hours = { $n } h ago
age-days = { $n ->
    [one] yesterday
   *[other] { $n } days ago
}
zone-none = No zone
zone-number = Zone { $n }
words-of-reporter = In the reporter's words
my-report = Your report
how-checked = How it was checked
fact-where = Where
fact-setting = Place
fact-size = Agents
fact-when = When, as reported
fact-units = Markings
fact-equipment = They have
incident-missing = Not here yet
incident-missing-help = This phone has not received it yet. It will show here by itself once there is a connection.
said-false-alarm = { $n ->
    [one] One of your verifiers says that it was a mistake.
   *[other] { $n } of your verifiers say that it was a mistake.
 } The alert stands until { $missing } more { $missing ->
    [one] says
   *[other] say
 } so.
said-all-clear = { $n ->
    [one] One of your verifiers says that it is over.
   *[other] { $n } of your verifiers say that it is over.
 } The alert stands until { $missing } more { $missing ->
    [one] says
   *[other] say
 } so.
said-mine = You said: { $what }. Another has to say so too.
found-by = { $n ->
    [one] One of your verifiers found: { $finding }
   *[other] { $n } of your verifiers found: { $finding }
 }
follow-up-title = Is it over, or was it a mistake?
conduct = Stay calm, keep your distance, film openly, touch nobody and block nothing.

## Reporting
report-what = What do you see?
report-where = Where?
report-send = Send
report-check = Send to your verifiers?
report-hold = Hold to send
report-hold-asked = Press here to send
report-hold-cannot = I can't hold it
report-held = Keep holding…
report-words = In your words (only verifiers read this)
report-words-help = For example: the gate on River Road, two white vans.
report-drill = Practise: a drill
report-drill-what = Drill: what are they doing?
report-done = Sent to your verifiers
report-done-waiting = Waiting to be sent: it goes as soon as there is a connection
report-done-help = You will hear of it here once they have checked.
report-how-many = How many agents?
report-setting = What kind of place?
report-units = What do their vests or vehicles say?
report-when = When?
report-equipment = What do they have?

## Verifying
desk = Desk
desk-none = Nothing to verify
desk-none-help = When somebody reports something, it shows here.
desk-open = To verify
desk-closed = Checked
attest-what = What did you find?
attest-how = How did you check?
attest-done = Signed
attest-disputed = Your finding did not count: the clock of this phone was off. Set it and sign again.
attest-change = Change what you found
attest-mine = You signed: { $finding }

## Committee
committee = Committee
waiting-title = { $n ->
    [0] Nobody is waiting
    [one] One person is waiting
   *[other] { $n } people are waiting
}
code-compare = Beside each name stands a code. Compare it with the one on their screen, in person or on the phone: a name alone proves nothing.
namesake = Another person has this name. Compare the code.
admit = Admit
admit-all = Admit all ({ $n })
decline = Decline
people-title = Members known to the committee
person-waiting = waiting
person-admitting = being admitted
person-member = member
person-declined = declined
person-removed = removed
grant-role = Make { $role }
revoke-role = No longer { $role }
remove-person = Remove from the network
remove-sure = Remove { $name }? From then on they can read nothing new.
drafts-title = Decisions waiting for signatures
signatures = { $have } of { $need } signatures
sign = Sign
signed = You signed
draft-grant = { $name } becomes { $role }
draft-revoke = { $name } is no longer { $role }
draft-remove = { $name } leaves the network
draft-zone-add = New zone: { $name }
draft-zone-rename = The zone “{ $from }” is now called “{ $name }”
draft-zone-retire = The zone “{ $name }” can no longer be chosen
draft-zone-restore = The zone “{ $name }” can be chosen again
draft-zones-order = The same zones in another order
draft-hotline = The hotline’s number is { $number }
draft-no-hotline = The hotline has no number any more
draft-rule = New rules (number { $number }). Apps from before them stop until they are updated.
draft-unknown = Something that only a newer app knows. Update this app before you sign.
draft-constitute = The committee: { $what }
draft-constitute-adds = New on the committee: { $name }
draft-constitute-drops = No longer on the committee: { $name }
draft-desk = Reports go to a new desk mailbox
draft-by = Proposed by { $name }
draft-withdraw = Withdraw
draft-take-back = Take back my signature
invite-title = Invite
invite-help = Whoever opens this link can ask to join. Show it only to people you want to hear from.
invite-make = Make an invite
invite-make-committee = Invite a committee device
invite-code-failed = The code could not be drawn. Share the link.
invite-days = Valid for
invite-day = { $n ->
    [one] one day
   *[other] { $n } days
}
invite-active = Invites in force
invite-until = until { $date }
invite-revoke = Withdraw
zones-title = Zones
zones-help = Rename a zone here. A retired zone can no longer be chosen, but earlier reports keep its name.
zones-add = Add a zone
zones-new = Name of the new zone
zones-retire = Retire
zones-keep = Keep
zones-retired = Retired zones
zones-restore = Offer “{ $name }” again
zones-save = Propose these zones
hotline-title = Hotline
hotline-help = Every member sees this number and calls it with one tap: when the app cannot help, or when nobody has opened a report.
hotline-number = Telephone number
hotline-save = Propose this number
hotline-call = Call the hotline: { $number }
rules-title = Rules of the network
rules-help = This app brings stricter rules that protect alerts. Propose them once everybody has updated the app: apps from before them may judge a forgery otherwise.
rules-raise = Propose rules { $number }
role-committee = committee
role-dispatcher = dispatcher
role-verifier = verifier
role-responder = responder
needs-more-signatures = Proposed. { $n ->
    [one] One more signature is needed.
   *[other] { $n } more signatures are needed.
}

## Me
me = Me
settings-language = Language
settings-theme = Appearance
theme-system = As the phone
theme-dark = Dark
theme-light = Light
my-network = My network
network-members = Devices
network-committee = Committee
network-confirmations = Confirmations for an alert
network-rules = Rules
my-roles = My roles
role-none = member
guide = Guide
guide-pictures = With pictures, and to print
release-title = This app's version
release-help = The guide says what to compare this with, and what it does not prove.
release-connect = Not known yet. With a connection, close this and open it again.
limits-title = What this app can't do
limits-untried = Not yet tried on real phones, not yet audited by outsiders.
limits-body = Whoever holds your unlocked phone sees what you see. Somebody you trust can always tell. A web app depends on the site that serves it. Keep a second way to reach your people.
install-title = Put the app on your home screen
install-neutral = With a neutral name and icon (“Agenda”)
install-first = On this phone, put the app on the home screen first and join there. What you do in the browser does not carry over, and alerts ring only in the app.
install-copy = Copy the invite
install-copy-help = When you open the new icon, choose “Paste a link”.
install-anyway = Go on here, without alerts
install-share-below = Tap Share, at the bottom of Safari.
install-share-above = Tap Share, at the top beside the address.
install-add-home = Scroll down and tap “Add to Home Screen”.
install-web-app = Leave “Open as Web App” on.
install-safari = It isn't there? Open this page in Safari.
install-dots = Tap ⋮, at the top.
install-install = Tap “Install app”, not a plain shortcut.
install-lines = Tap ☰, at the bottom.
install-add-page = Tap “Add page to”, then “Home screen”.
install-battery = In the phone's settings, let it use the battery without restrictions.
install-firefox = Tap “Install” or “Add to Home screen”.
install-address-bar = Beside the address, choose Install. Firefox can't: use Chrome or Edge.
install-browser = Tap ⋯ and choose “Open in browser”.
install-open = Open the new icon from then on.
install-alerts = Turn on alerts there and ask for a test.

## Warnings
warning-clock-off = The clock of this device is off by more than five minutes. Set it.
warning-rolled-back = This device was set back to an older state. It is being let in again by itself.
warning-behind = This device was away for long. It is being let in again by itself; that can take some minutes.
warning-forked = The server has shown this device something else than it showed others. Tell the committee, and do not trust this server.
warning-forged-alert = Something claimed to be an alert and was not signed by your verifiers. It is not shown. Tell the committee.
warning-single-committee = One device alone decides everything. If it is lost or taken, so is the network.
warning-locked-out = Somebody has locked members out at the server, and the committee decided no such thing: one of its phones, or the server, is in other hands. The committee's phones put it right by themselves. Tell the committee.
warning-owner-replaced = Somebody has shut this committee phone out at the server, and the committee decided no such thing: another of its phones, or the server, is in other hands. Tell the others on the committee.
warning-relay-restored = The server was put back to an older copy. What it lost is being sent again, and new messages wait until a committee phone has had the app open for a few minutes. On the committee: open the app now. In an emergency, call.
warning-log-lost = The server was put back to an older copy and went on without messages that this phone had. It is being let in again by itself and then sends its own messages of the last two days again. If this stays for a day, tell the committee: a decision was lost, and has to be made again from a phone that does not warn, or the network founded anew.
warning-refused = The server does not know this device any more. Ask for a new invite.
warning-unread = Alerts came that this phone cannot read. Call your network's hotline and ask what they say.
warning-astray = This phone cannot follow the others. It is being let in again by itself; until then it cannot read alerts. Call your network's hotline.
unread-known = I know
warning-update-needed = This app is too old for your network or its server. Restart it to update: until then alerts may not arrive.
warning-alert-refused = The server does not take an alert from this device. It is tried again. Tell the committee.
suspicion = { $n ->
    [one] Seen once
   *[other] Seen { $n } times
 }, last { $when }, by { $who }.
suspicion-unknown = somebody unknown, or the server itself
suspicion-dismiss = Put away
warning-relay-full = The server can't store anything now. What you send waits on this device.

## Trouble
trouble-title = There is a problem
trouble-storage-full = This phone has no room left. Delete something else, then try again. Nothing of yours is lost.
trouble-storage-cleared = The browser has deleted what this app had stored here. Ask for a new invite and join again; others have lost nothing.
trouble-storage-newer = A newer version of this app has been used here. Close all its windows and open it again.
trouble-storage-damaged = What is stored here can't be read any more. Ask for a new invite and join again.
trouble-storage-refused = The browser does not let this app store anything. Leave private browsing, then try again.
trouble-storage-silent = The browser's storage does not answer. Close the app completely, open it again, and if that does not help restart the phone.
trouble-needs-https = This page must be opened with https: without it the browser lets the app encrypt and store nothing.
trouble-no-wasm = This browser runs no WebAssembly, which the app is made of. Lockdown Mode and “safer” settings switch it off: allow it for this page in the browser's settings, or use another browser.
trouble-core-failed = The app could not start. Check the connection and try again.
trouble-browser-too-old = This browser is too old. Update it, or use a newer one.
start-again = Start over on this device
start-again-sure = Everything this app has stored here is deleted: your place in the network, what you received, the PIN and your settings. Only the app itself stays. Really?

## The PIN
pin = PIN
pin-title = Lock the app
pin-help = With a PIN, whoever takes your phone finds it much harder to read what is here; with special equipment, six digits are guessed in a day. Longer is better. It asks when you open the app and after five minutes out of sight. While it is locked, an alert says only that something came.
pin-new = New PIN, six digits or more
pin-again = The same once more
pin-differ = They are not the same.
pin-short = The PIN needs six digits or more.
pin-needed = Enter the PIN.
pin-set = Use this PIN
pin-is-set = The app asks for a PIN when it opens.
pin-remove = Remove the PIN
pin-wrong = Wrong PIN.
pin-wait = Too many wrong ones. Wait { $n } s.
pin-forgotten = I forgot my PIN
pin-forgotten-help = Nobody can open the app without it. You can start over on this device and join again with a new invite; others lose nothing.
unlock-title = Enter your PIN
unlock-news = Something has come from your network. Enter your PIN to see it.
unlock = Open

## Errors
error-link-not-a-link = There is no invite in this. Copy the whole link, or scan the code again.
error-link-bare = This is an address without an invite: what follows the # is missing. Ask for the whole link, or scan the code.
error-link-damaged = This link was changed on the way. Ask for it once more, or scan the code.
error-link-cut-short = Part of this link is missing. Copy the whole link, ask for it once more, or scan the code.
error-link-no-address = The start of this link is missing. Copy the whole link, or scan the code.
error-link-other-kind = This is a link of another kind. Ask for an invite.
error-link-several = There are two different links in this. Paste only one of them.
error-already-in-a-network = This device belongs to a network already.
error-not-in-a-network = This device belongs to no network yet.
error-not-admitted = You have not been admitted yet.
error-not-committee = Only the committee can do this.
error-not-constituted = First all committee devices must be here.
error-constituted = The committee is complete.
error-needs-role = Your role does not allow this.
error-bad-threshold = These numbers do not fit together.
error-bad-name = A name needs 1 to 64 characters.
error-too-long = That is too long. Shorten it.
error-bad-telephone = This is no telephone number: 3 to 20 digits, with spaces, -, ., ( or ) between them.
error-unknown-person = This person is not known here.
error-unknown-invite = This invite is not known here.
error-unknown-draft = This has been decided already.
error-update-needed = This needs a newer app. Restart it to update, then try again.
error-draft-update-needed = It holds something that only a newer app can show. Update before you sign.
error-draft-desk = This device does not sign it: it moves the desk although nobody leaves it, or to where your verifiers do not read.
error-draft-other-leaf = This device does not sign it: it names one person and removes another's phone.
error-draft-stranger = This device does not sign it: it names somebody of whom this device has no record.
error-not-signed = You have not signed this.
error-unknown-zone = This zone is not known here.
error-unknown-incident = This incident is not on this device.
error-clock-off = The clock of this phone is off. Set it, or confirm again to sign with the server's time.
error-own-report = Whoever reported can't verify the same report.
error-already-done = That has been done already.
error-not-an-alert = Only a verified alert can be followed up.
error-bug = That went wrong, and nothing was changed. Try again.
error-storage-full = This phone has no room left. Nothing was changed.
error-unknown-id = That is not known here.
error-unknown-code = That is not known here. Update the app.

## Codes
activity-watching = Watching
activity-knocking = Knocking on doors
activity-questioning = Questioning people
activity-detaining = Detaining people
activity-loading = Putting people into vehicles
activity-checkpoint = Checkpoint
activity-leaving = Leaving
activity-gone = Gone
size-unknown = I can't tell
size-one = One agent
size-2-5 = 2–5 agents
size-6-10 = 6–10 agents
size-over-10 = More than 10 agents
setting-unknown = I can't tell
setting-home = Home
setting-work = Workplace
setting-street = Street
setting-court = Court
setting-school = School
setting-church = Church
setting-car = Car
unit-cannot-tell = I can't tell
unit-ice = ICE
unit-hsi = HSI
unit-cbp = CBP
unit-police = Police
unit-marshals = US Marshals
unit-none = No markings
when-now = Now
when-minutes-ago = A few minutes ago
when-hour-ago = About an hour ago
when-earlier = Longer ago
equipment-weapons = Weapons
equipment-masks = Masks
equipment-vehicles = Vehicles
equipment-tools = Tools
finding-confirmed = Confirmed
finding-nothing = Nothing there
finding-other-agency = Another agency
finding-cannot-tell = Could not tell
method-in-person = In person
method-live-video = Live video
method-photo-and-call = Photo and call
method-known-source = Source we know
follow-up-false-alarm = False alarm
follow-up-all-clear = All clear

# Notifications and alerts of this phone
push-new = New alert from your network
push-generic = Something from your network: open the app
push-nothing = Checked: nothing that concerns you
push-stopped = Your alerts have stopped
push-stopped-help = Open the app to turn them on again.
push-drill = ▲ DRILL: an exercise of your network
push-changed = There is news about an alert
push-said-false-alarm = One of your verifiers says: a mistake
push-said-all-clear = One of your verifiers says: it is over
push-report = { $n ->
    [one] A report waits
   *[other] { $n } reports wait
}
push-waiting = { $n ->
    [one] Something in your network waits for you: open the app
   *[other] { $n } things in your network wait for you: open the app
}
push-cleared = Something came that this phone cannot open
push-cleared-help = What the app had stored was cleared. Open it to join again.
push-unread = An alert that this phone cannot read
push-unread-help = Call your network's hotline and ask what it says. Open the app so that it can be let in again.
push-test = Your alerts work
push-test-help = This was the test you asked for.
alerts-title = Alerts on this phone
alerts-unavailable = This network's server does not send alerts to locked phones.
alerts-unsupported = This browser cannot ring when the app is closed. Keep a second way.
alerts-needs-install = Put the app on your home screen first, then turn alerts on there.
alerts-blocked = Notifications are blocked for this app. Allow them in the browser's or the phone's settings, then come back.
alerts-off = This phone does not ring yet.
alerts-turning-on = Turning on…
alerts-stopped = Your alerts have stopped.
alerts-unstarted = The browser did not start the part of this app that rings. Close the app completely and open it again. Until it rings, keep a second way.
alerts-never = Alerts do not run on this phone, and as far as it knows they never rang: the browser's notification service has not accepted it. Phones without Google services often have none. Try another browser, keep the app open, or have another way to hear of alerts.
alerts-unanswered = The browser has asked nothing, or got no answer. Look for a bell beside the address, or allow notifications for this page in the browser's settings; then try again.
alerts-refused = On, but the push service refused the last alert or test for this phone, so it did not ring. Send yourself a test; if it does not arrive, turn alerts off and on again.
alerts-untested = On, but never tested.
alerts-unproved = On, but nothing has arrived for three days.
alerts-on = Your alerts are on.
alerts-proved = Last arrived: { $when }
alerts-brief = Alerts on · last proof { $when }
alerts-turn-on = Turn on alerts
alerts-mend = Turn them on again
alerts-turn-off = Turn off
alerts-test = Send me a test
alerts-test-how = Then lock your phone: the test comes in 10 seconds.
alerts-test-lock = Lock your phone now. The test is on its way.
alerts-test-open = It arrived while the app was open. Try once more and lock your phone.
alerts-test-done = It arrived. Your alerts work.
alerts-test-lost = The test has not arrived. Check that the phone allows notifications for this app, also in “Do not disturb”, and try again.
alerts-content = Show what an alert says on the lock screen
alerts-content-help = Whoever picks up your phone can read it.
alerts-repeat = Ring again after 30 s, 90 s and 3 min until I open it
alerts-limits = The phone's maker knows that this app is installed and when something comes, never what. “Do not disturb” and an empty battery keep it silent: keep a second way.
oncall-title = When a report comes
oncall-off = This phone does not ring for reports.
oncall-on-call = You are on call: a report rings this phone.
oncall-cover = You are cover: this phone gets what the others get, without noise.
oncall-waits = Turning on…
oncall-from = From
oncall-to = To
oncall-hours = Outside these hours reports come without noise. The same time twice is all day.
oncall-go = Go on call
oncall-go-cover = Be cover
oncall-go-off = Go off call
oncall-cost = What it costs: the push service can tell that this phone gets more notices than others, and may guess from it that you have a task in the network. That service belongs to Google, Apple, Mozilla or Microsoft; it never learns what a notice says.
oncall-cover-help = Cover hides who is on call: your phone gets the same notices and others at random times, all without noise.
oncall-pin = This app has a PIN: while it is locked it can look at no hours, and every notice rings this phone.
oncall-count = { $n ->
    [one] One of you is on call now; phones that have shown that they ring: { $proved }
   *[other] { $n } of you are on call now; phones that have shown that they ring: { $proved }
}
oncall-nobody = Nobody is on call: no locked phone rings when a report comes.
oncall-unproved = Nobody on call has a phone that has shown in three days that it rings.
coverage = { $phones } of { $members } phones have it
reach = { $registered } of { $members } phones have alerts on
reach-unproved = { $n ->
    [one] one of them has not shown in three days that it rings
   *[other] { $n } of them have not shown in three days that they ring
}
error-alerts-off = Alerts are not on: turn them on first.
