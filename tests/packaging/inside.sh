#!/usr/bin/env bash
# What run.sh has done within the Debian that it made.
set -euo pipefail
cd /handed
# Until a command succeeds, for half a minute.
until_it() { for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done; echo "not within 30 s: $*"; exit 1; }
healthy() { curl -fsS http://127.0.0.1:7800/healthz; }
counts() { curl -fsS http://127.0.0.1:7801/metrics | grep -q "^campana_relay_$1\$"; }
pid() { systemctl show --value --property MainPID campana-relay; }
holds() { grep -q "$1" <<<"$2" || { echo "no '$1' in: $2"; exit 1; }; }
lacks() { ! grep -q "$1" <<<"$2" || { echo "'$1' in: $2"; exit 1; }; }
trap 'status=$?; [ $status = 0 ] || { echo "failed at line $LINENO"; journalctl --no-pager -u "campana-relay*" | tail -40; }' EXIT

echo "== install"
dpkg -i this.deb
id campana
systemd-analyze verify campana-relay.service
score=$(systemd-analyze security campana-relay.service --no-pager | sed -n 's/.*exposure level[^0-9]*\([0-9.]*\).*/\1/p')
echo "exposure $score"
awk -v score="$score" 'BEGIN { exit !(score > 0 && score < 3) }'
sed -i 's|^#public_url|public_url|; s|^#listen|listen|' /etc/campana-relay.toml
systemctl enable --now campana-relay
until_it healthy
counts "store_writable 1"
[ "$(stat -c %U:%a /var/lib/campana)" = campana:700 ]

echo "== the invitation is not in the journal, and root may ask for one"
lacks "#operator=" "$(journalctl --no-pager -u campana-relay)"
said=$(campana-relay --config /etc/campana-relay.toml invite)
holds "https://relay.example.org/#operator=" "$said"
lacks "not running" "$said"
[ -z "$(find /var/lib/campana ! -user campana)" ]

echo "== SIGHUP ends nothing, SIGKILL nothing for long"
before=$(pid)
systemctl reload campana-relay
until_it sh -c 'journalctl --no-pager -u campana-relay | grep -q SIGHUP'
[ "$(pid)" = "$before" ]
systemctl kill --signal=KILL campana-relay
until_it sh -c "[ \$(systemctl show --value --property MainPID campana-relay) != $before ] && curl -fsS http://127.0.0.1:7800/healthz"

echo "== backup, beside the running relay"
campana-relay --config /etc/campana-relay.toml backup /var/lib/campana/backup
holds "invitations (hashes)  *1 " "$(campana-relay --data-dir /var/lib/campana/backup holdings)"

echo "== upgrade: drained, started again, everything there"
before=$(pid)
dpkg -i next.deb
[ "$(pid)" != "$before" ]
until_it healthy
holds '^public_url = "https://relay.example.org"' "$(cat /etc/campana-relay.toml)"
holds "stopping" "$(journalctl --no-pager -u campana-relay)"
systemctl stop campana-relay
said=$(campana-relay --config /etc/campana-relay.toml holdings)
holds "invitations (hashes)  *1 " "$said"

echo "== downgrade"
dpkg -i this.deb
systemctl start campana-relay
until_it healthy
counts "restored 0"

echo "== restore"
systemctl stop campana-relay
mv /var/lib/campana/data /var/lib/campana/data.before
install -d -o campana -g campana -m 700 /var/lib/campana/data
cp -a /var/lib/campana/backup/store /var/lib/campana/data/store
systemctl start campana-relay
until_it healthy
counts "restored 1"
holds "was restored" "$(journalctl --no-pager -u campana-relay)"

echo "== a second network, with a relay and limits of its own"
sed 's|campana/data|campana-north/data|; s|:7800|:7810|; s|:7801|:7811|; s|relay.example.org|north.example.org|' \
  /etc/campana-relay.toml >/etc/campana-relay-north.toml
systemctl enable --now campana-relay@north
until_it curl -fsS http://127.0.0.1:7810/healthz
holds "https://north.example.org/#operator=" "$(campana-relay --config /etc/campana-relay-north.toml invite)"
sed -i "s/:7810/:80/" /etc/campana-relay-north.toml
systemctl restart campana-relay@north
until_it curl -fsS http://127.0.0.1:80/healthz
systemctl set-property campana-relay@north MemoryMax=512M CPUQuota=50%
holds "campana-relay@north.service" "$(systemctl list-units --no-pager 'campana-relay*')"
holds "campana-relay.service" "$(systemctl list-units --no-pager 'campana-relay*')"
du -sh /var/lib/campana /var/lib/campana-north
systemctl disable --now campana-relay@north
rm -r /var/lib/campana-north /etc/campana-relay-north.toml
healthy >/dev/null

echo "== remove and purge: the data stays"
dpkg --purge campana-relay
[ -d /var/lib/campana/data/store ]
[ ! -e /usr/bin/campana-relay ]
trap - EXIT
echo "done"
