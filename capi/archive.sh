#!/bin/sh
# Makes an archive of one object out of another archive and the compression libraries, in which all
# symbols but rdb_* are local.
#
# usage: archive.sh INPUT OUTPUT FOLDER-FOR-INTERMEDIATE-FILES
#
# Section groups are dissolved: the linker would otherwise drop one of ours in favour of a group of the
# same name in the program (an inline function of a class called rdb::Cursor, say), and leave
# what refers to our local symbols hanging.
set -eu
mkdir -p "$3"
library() { ${CC:-cc} -print-file-name="lib$1.a"; }
${LD:-ld} -r --force-group-allocation --whole-archive "$1" --no-whole-archive \
  "$(library lz4)" "$(library zstd)" -o "$3/rdb.o"
# objcopy passes over unique symbols when it makes others local, but not over weak ones.
${NM:-nm} "$3/rdb.o" | awk '$2 == "u" { print $3 }' >"$3/unique"
${OBJCOPY:-objcopy} --weaken-symbols="$3/unique" "$3/rdb.o"
${OBJCOPY:-objcopy} --wildcard --keep-global-symbol='rdb_*' "$3/rdb.o"
rm -f "$2"
${AR:-ar} rcs "$2" "$3/rdb.o"
