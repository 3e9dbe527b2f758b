#!/bin/sh
# demo.sh: the Debian package catalogue of this machine in one database.
#
# usage: demo.sh RDB [DATABASE]
#   RDB        the built command line tool; the program rdb_demo lies beside it
#   DATABASE   the file to make and leave, ./demo.rdb by default. The default is replaced when it is
#              there; any other file that exists is refused.
# Needs no network and no root. Without apt lists the installed packages are the catalogue.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 RDB [DATABASE]" >&2
  exit 2
fi
tool=$1
program=$(dirname -- "$tool")/rdb_demo
if [ $# -eq 2 ]; then
  database=$2
  if [ -e "$database" ]; then
    echo "$0: $database exists; name a file that does not" >&2
    exit 2
  fi
else
  database=./demo.rdb
  rm -f "$database"
fi

# A copy, because a pipe has no size to show progress against.
catalogue=$(mktemp)
trap 'rm -f "$catalogue"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

source="the Debian package catalogue (apt-cache dumpavail)"
if ! command -v apt-cache >/dev/null || ! apt-cache dumpavail >"$catalogue" 2>/dev/null ||
  [ ! -s "$catalogue" ]; then
  source="the installed Debian packages (/var/lib/dpkg/status)"
  if ! cat /var/lib/dpkg/status >"$catalogue" 2>/dev/null || [ ! -s "$catalogue" ]; then
    echo "$0: no package catalogue on this machine (no apt lists, no /var/lib/dpkg/status)" >&2
    exit 3
  fi
fi
"$program" "$database" "$catalogue" "$source"

# The same file through the command line tool.
show() {
  printf '\n$ rdb %s\n' "$*"
  "$tool" "$@"
}
printf '\n== The same file through the command line tool ==\n'
show tables "$database"
show get "$database" sections games
show scan "$database" names --prefix python3-s --limit 5
show get "$database" needed_by bash
show scan "$database" maintainers --reverse --limit 3 --json
printf '\nThe database is %s (%s bytes).\n' "$database" "$(wc -c <"$database" | tr -d ' ')"
