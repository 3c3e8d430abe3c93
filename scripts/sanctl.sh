#!/bin/sh
# sanctl @VERSION@ for @PLATFORM@, in one file: this script and, behind it, a compressed archive
# of the Deno runtime and the program. They are unpacked once, into a private directory named by
# their content.
set -u

id=@ID@
lines=@LINES@
sum=@SHA256@

fail() {
  code=$1
  shift
  printf 'sanctl: %s\n' "$1" >&2
  shift
  for line; do printf '  %s\n' "$line" >&2; done
  exit "$code"
}

if [ -n "${SANCTL_CACHE_DIR:-}" ]; then root=$SANCTL_CACHE_DIR
elif [ -n "${XDG_CACHE_HOME:-}" ]; then root=$XDG_CACHE_HOME/sanctl
elif [ -n "${HOME:-}" ]; then root=$HOME/.cache/sanctl
else root=${TMPDIR:-/tmp}/sanctl-$(id -u)
fi
case $root in /*) ;; *) root=$PWD/$root ;; esac
dir=$root/$id
elsewhere="set SANCTL_CACHE_DIR to a directory of yours"

owned() {
  [ ! -e "$1" ] || [ -O "$1" ] ||
    fail 73 "the cache directory $1 belongs to somebody else" "$elsewhere"
}

checksum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256
  # gzip's own check is left.
  else cat >/dev/null; echo "$sum"
  fi
}

damaged() {
  fail 74 "the file $0 is damaged" "get it again: its checksum is not the one it was made with"
}

# Versions that nobody has started for a week and nobody runs now, and what killed runs left behind.
prune() {
  running=$(ps -A -o args= 2>/dev/null)
  for used in $(find "$root"/*/used -prune -mtime +7 2>/dev/null); do
    old=${used%/used}
    [ "$old" = "$dir" ] && continue
    case $running in *"$old/main.js"*) ;; *) rm -rf "$old" ;; esac
  done
  find "$root"/.unpack.* -prune -mtime +1 -exec rm -rf {} + 2>/dev/null
}

unpack() {
  [ "$(uname -s)-$(uname -m)" = "@PLATFORM@" ] ||
    fail 73 "this file is for @PLATFORM@, and this machine is $(uname -s)-$(uname -m)" \
      "get the file for this machine"
  for program in tail tar gzip mktemp; do
    command -v "$program" >/dev/null 2>&1 ||
      fail 73 "unpacking needs the program $program, which is not here" "install it"
  done
  mask=$(umask)
  umask 077
  mkdir -p "$root" 2>/dev/null
  [ -d "$root" ] && [ -w "$root" ] ||
    fail 73 "cannot write to the cache directory $root" "$elsewhere"
  owned "$root"
  temporary=
  trap '[ -z "$temporary" ] || rm -rf "$temporary"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  temporary=$(mktemp -d "$root/.unpack.XXXXXX" 2>/dev/null) ||
    fail 73 "cannot write to the cache directory $root" "$elsewhere"
  found=$(tail -n +"$lines" "$0" | checksum)
  [ "${found%% *}" = "$sum" ] || damaged
  tail -n +"$lines" "$0" | gzip -dc 2>/dev/null | (cd "$temporary" && tar -xf -) 2>/dev/null ||
    fail 73 "cannot unpack into the cache directory $root: is there room for 100 MB?" "$elsewhere"
  runs=$("$temporary/deno" --version 2>&1) ||
    fail 73 "what was unpacked in $root does not run: $runs" \
      "where that directory is mounted noexec, $elsewhere"
  mkdir -p "$dir" || fail 73 "cannot write to the cache directory $root" "$elsewhere"
  # Each by rename(2), deno last: where it is, the rest is too, also for others that start just now.
  for file in "$temporary"/*; do
    [ "$file" = "$temporary/deno" ] || mv -f "$file" "$dir/" ||
      fail 73 "cannot write to the cache directory $dir" "$elsewhere"
  done
  mv -f "$temporary/deno" "$dir/" || fail 73 "cannot write to the cache directory $dir" "$elsewhere"
  rm -rf "$temporary"
  trap - EXIT HUP INT TERM
  umask "$mask"
  prune
}

[ -x "$dir/deno" ] || unpack
owned "$root"
owned "$dir"
owned "$dir/deno"
owned "$dir/main.js"
{ true >"$dir/used"; } 2>/dev/null

# Under that name it takes the words of Windows's initiator.
case ${0##*/} in iscsicli) set -- iscsicli "$@" ;; esac

export DENO_DIR="$dir/cache" DENO_NO_UPDATE_CHECK=1
# Everything, for those who serve or touch a disk. They call the C library (reads that never wait, the
# reservation of space, sd_notify), which is as much; Deno shows block devices and mounts to nobody
# who may do less; and what attaches a disk to this machine, or has it hold still, is programs.
may="@PERMISSIONS@"
case " $* " in
  *" serve "* | *" create "* | *" disk "* | *" initiator "*"snapshot "*) may=--allow-all ;;
esac
exec "$dir/deno" run @FLAGS@ $may "$dir/main.js" "$@"
