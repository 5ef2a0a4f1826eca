#!/usr/bin/env bash
# Runs ./setup on a bare system that has git, curl and rustup and nothing else, as somebody does who has just cloned
# the project: as root, with debootstrap; takes as long as compiling does.
#   tests/bare/run.sh [SUITE] [TASK]     trixie, bookworm or noble; run or test [default: trixie run]
# Says how long it took, and the longest time in which nothing was seen on the screen.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=${1:-trixie} task=${2:-run}
root=$(mktemp -d "${BARE_ROOT:-/tmp}/bare-XXXXXX")
# Whatever still runs in there holds its files.
end() {
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/root")" != "$root" ] || kill -KILL "${process#/proc/}" 2>/dev/null || true
  done
  for at in dev/shm dev proc sys; do umount -l "$root/$at" 2>/dev/null || true; done
  rm -rf --one-file-system "$root"
}
trap end EXIT

mirror=()
# An older debootstrap has no script of its own for a newer Ubuntu: they are all alike.
case $suite in noble) mirror=(http://archive.ubuntu.com/ubuntu gutsy) ;; esac
echo "== a bare $suite"
debootstrap --variant=minbase --include=ca-certificates,curl,git "$suite" "$root" "${mirror[@]}" >/dev/null
for at in proc sys dev; do mount --rbind --make-rslave "/$at" "$root/$at"; done
cp /etc/resolv.conf "$root/etc/resolv.conf"
# Ubuntu's browsers and some of Debian's packages are in other parts than `main`.
[ "$suite" != noble ] || echo "deb ${mirror[0]} noble main universe" >"$root/etc/apt/sources.list"
# Whom this machine trusts, and a proxy that it is told to use.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true

inside() { chroot "$root" env -i HOME=/root PATH=/root/.cargo/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$@"; }
echo "== rustup, which installs nothing by itself"
inside sh -c 'curl --proto =https -sSf -o /tmp/rustup-init \
    "https://static.rust-lang.org/rustup/dist/$(uname -m)-unknown-linux-gnu/rustup-init"
  chmod +x /tmp/rustup-init
  /tmp/rustup-init -y -q --default-toolchain none --no-modify-path
  rustup set auto-install disable'
mkdir "$root/root/campana"
git archive HEAD | tar -x -C "$root/root/campana"

echo "== ./setup $task"
case $task in run) last='^Open this link' ;; *) last='^[0-9]+ passed, [0-9]+ failed$' ;; esac
began=$SECONDS before=$SECONDS gap=0 found=
# The shell reads line by line; an awk may wait for a whole block and see silences that nobody saw.
while IFS= read -r line; do
  printf '%s\n' "$line"
  [ $((SECONDS - before)) -le "$gap" ] || gap=$((SECONDS - before))
  [ $((SECONDS - before)) -le 10 ] || echo "== (after a silence of $((SECONDS - before)) s)"
  before=$SECONDS
  [[ ! $line =~ $last ]] || { found=yes; break; }
done < <(inside sh -c "cd /root/campana && exec ./setup $task" </dev/null 2>&1)
echo "longest silence: $gap s"
echo "./setup $task on $suite: $((SECONDS - began)) s, $([ "$found" ] && echo "its last line came" || echo "FAILED")"
[ "$found" ]
