#!/bin/sh
# One part of the tests of the Go package; meson calls it.
#
# usage: test.sh PART ROOT BUILD
#   unit         go vet, then the tests, with cgo's ordinary pointer checks
#   conformance  the scripts of tests/conformance, and that the replayer can fail
#   examples     the programs of examples/go, and what they print
#   race         the tests under the race detector
#   pointers     the tests under cgo's strict pointer checks
#   address      tests and scripts with Go and library under the address sanitizer; in such a build
#   outside      the example of README.md in a module of its own, on what the build installs
set -eu
part=$1 root=$2 build=$3
here=$root/bindings/go

export GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -buildvcs=false"

missing() {
  printf '######## Go tests NOT RUN: they need go 1.21 or newer, found %s ########\n' "$1"
  [ "${CI:-}" != true ] || exit 1
  exit 77
}
version=$(cd / && go env GOVERSION 2>/dev/null) || missing none
printf '%s\n%s\n' go1.21 "$version" | sort -VC || missing "$version"

# The library as it lies in the build folder.
export CGO_CFLAGS="-O2 -g -I$root/capi/include" PKG_CONFIG_PATH="$build/meson-uninstalled"
export LD_LIBRARY_PATH="$build/capi${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
cd "$here"

case $part in
  unit)
    go vet ./...
    go vet -tags rdb_leaks ./...
    (cd "$root/bench/bindings/go" && GOPROXY=off go vet .)
    GODEBUG=cgocheck=1 go test -count=1 ./...
    go test -count=1 -tags rdb_leaks -run Forgotten . ;;
  conformance)
    go build -o "$build/bindings/go/conformance" ./internal/conformance
    "$build/bindings/go/conformance" "$root"/tests/conformance/*.jsonl
    python3 -B "$root/tests/conformance/wrong/check.py" "$build/bindings/go/conformance" ;;
  examples)
    cd "$root/examples/go"
    go vet ./...
    go build -o "$build/bindings/go/examples/" ./...
    for program in records scan snapshot batch tags sessions errors; do
      python3 -B ../check.py ../expected/$program.txt "$build/bindings/go/examples/$program"
    done ;;
  race) go test -count=1 -race -short ./... ;;
  pointers) GOEXPERIMENT=cgocheck2 go test -count=1 -short ./... ;;
  address)
    # gcc 12's runtime cannot place its shadow under strong address randomisation.
    steady=
    ! setarch -R true 2>/dev/null || steady='setarch -R'
    export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0
    $steady go test -count=1 -asan -short ./...
    go build -asan -o "$build/bindings/go/conformance" ./internal/conformance
    $steady "$build/bindings/go/conformance" "$root"/tests/conformance/*.jsonl ;;
  outside)
    folder=$(mktemp -d)
    trap 'chmod -R u+w "$folder" && rm -rf "$folder"' EXIT
    meson install -C "$build" --no-rebuild --destdir "$folder/stage" >"$folder/log"
    pc=$(find "$folder/stage" -name rdb.pc)
    lib=$(dirname "$(find "$folder/stage" -name librdb.so)")
    unset CGO_CFLAGS
    export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$folder/stage"
    export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
    # The module from a proxy of its own, as go get would find it.
    ./module.py "$folder/proxy" v0.0.1
    export GOPROXY="file://$folder/proxy" GOSUMDB=off GOMODCACHE="$folder/modules" GOFLAGS="-mod=mod -buildvcs=false"
    mkdir "$folder/example" && cd "$folder/example"
    awk '/^```go$/ { on = 1; next } /^```$/ { if (on) exit } on' "$root/README.md" >main.go
    go mod init example.org/people 2>/dev/null
    go get rdb.example/rdb@v0.0.1
    for tags in '' rdb_static; do
      rm -f people.rdb
      LD_LIBRARY_PATH=$lib go build -tags "$tags" -o people .
      said=$(LD_LIBRARY_PATH=$lib ./people)
      [ "$said" = 'ada: 1815' ] || { echo "the example of README.md, tags '$tags', said: $said" && exit 1; }
    done
    # The static one needs no library.
    rm people.rdb
    env -u LD_LIBRARY_PATH ./people ;;
  *) echo "test.sh knows no part $part" >&2 && exit 2 ;;
esac
