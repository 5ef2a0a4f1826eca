#!/usr/bin/env bash
# Installs what `cargo xtask dist` made on a bare Debian that systemd runs, and does with it what OPERATIONS.md
# says an operator does. As root, with debootstrap and systemd-nspawn; takes some minutes, mostly Debian's.
#   tests/packaging/run.sh [SUITE [COPY]]
# SUITE: a Debian or Ubuntu that debootstrap knows [default: trixie]. COPY: a folder in which it has made one.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=${1:-trixie}
deb=$(echo "${CARGO_TARGET_DIR:-target}"/handout/campana-relay_*.deb)
[ -f "$deb" ] || { echo "cargo xtask dist first" >&2; exit 1; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

echo "== the image's root: nothing but it, as its user"
image=$(mktemp -d)
cp -a "$(dirname "$deb")/oci/root/." "$image"
chmod 755 "$image"
chown 65532:65532 "$image/var/lib/campana"
relay=(chroot --userspec=65532:65532 "$image" /usr/bin/campana-relay --config /etc/campana-relay.toml)
"${relay[@]}" >"$image/said" 2>&1 &
running=$!
for _ in $(seq 50); do curl -fsS http://127.0.0.1:7800/healthz >/dev/null 2>&1 && break; sleep 0.2; done
curl -fsS http://127.0.0.1:7800/healthz; echo
page=$(curl -fsS http://127.0.0.1:7800/)
grep -q "<title>" <<<"$page" || { echo "no app in it"; exit 1; }
said=$("${relay[@]}" invite)
grep -q "#operator=" <<<"$said"
if grep "#operator=" "$image/said"; then exit 1; fi
kill "$running"
wait "$running"
rm -r "$image"

echo "== a bare $suite, with systemd"
if [ -n "${2:-}" ]; then
  cp -a "$2/." "$root"
else
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps,curl "$suite" "$root" >/dev/null
fi
# Its users have to get past its own root.
chmod 755 "$root"
mkdir "$root/handed"
cp "$deb" "$root/handed/this.deb"
cp tests/packaging/inside.sh "$root/handed/"

# The same again, as the next version: what an upgrade sees.
work=$(mktemp -d)
dpkg-deb --raw-extract "$deb" "$work/next"
sed -i 's/^Version: .*/&.next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group --build "$work/next" "$root/handed/next.deb" >/dev/null
rm -r "$work"

cat >"$root/etc/systemd/system/inside.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /handed/inside.sh
StandardOutput=file:/handed/said
StandardError=inherit
ExecStopPost=/bin/systemctl --no-block poweroff
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../inside.service "$root/etc/systemd/system/multi-user.target.wants/" 2>/dev/null ||
  { mkdir -p "$root/etc/systemd/system/multi-user.target.wants"; ln -s ../inside.service "$root/etc/systemd/system/multi-user.target.wants/"; }
touch "$root/handed/said"
timeout 300 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network >"$root/handed/boot" 2>&1 ||
  { tail -20 "$root/handed/boot"; cat "$root/handed/said"; exit 1; }
cat "$root/handed/said"
tail -1 "$root/handed/said" | grep -q '^done$'
