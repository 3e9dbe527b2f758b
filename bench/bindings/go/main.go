// The benchmark program of Go; README.md one folder up describes records and workloads.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	valueBytes     = 150
	gets           = 200_000
	minimum        = 300 * time.Millisecond
	timedPutPasses = 3
	counters       = 10_000
	countBatch     = 1_000
)

type record struct{ key, value []byte }

func mix(i uint64) uint64 {
	x := i + 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

func makeKey(i uint64) []byte {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], mix(i))
	return []byte(hex.EncodeToString(number[:]))
}

func makeRecords(count uint64) []record {
	records := make([]record, count)
	for i := range records {
		key := makeKey(uint64(i))
		value := make([]byte, valueBytes)
		for at := range value {
			value[at] = key[at%len(key)]
		}
		records[i] = record{key, value}
	}
	return records
}

func makeWanted(count uint64) [][]byte {
	keys := make([][]byte, gets)
	for j := range keys {
		keys[j] = makeKey(mix(count+uint64(j)) % count)
	}
	return keys
}

// tally is what one or more passes read or wrote.
type tally struct{ records, bytes, firstBytes uint64 }

func (t *tally) add(value []byte) {
	t.records++
	t.bytes += uint64(len(value))
	t.firstBytes += uint64(value[0])
}

// engine is one of the two databases.
type engine interface {
	// read opens file for reading and gives a pass of each kind.
	read(file string) (scan func(t *tally), get func(keys [][]byte, t *tally), done func())
	// put writes records into a new file and tells how long the transaction took.
	put(file string, records []record) time.Duration
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func timed(pass func(t *tally)) (t tally, took time.Duration) {
	pass(&tally{})
	begin := time.Now()
	for took < minimum {
		pass(&t)
		took = time.Since(begin)
	}
	if t.firstBytes == 0 {
		log.Fatal("nothing was read")
	}
	return t, took
}

func puts(e engine, file string, count uint64) (t tally, took time.Duration) {
	records := makeRecords(count)
	for pass := 0; pass <= timedPutPasses; pass++ {
		name := file + "." + strconv.Itoa(pass)
		remove := func() { os.Remove(name); os.Remove(name + "-lock") }
		remove()
		once := e.put(name, records)
		remove()
		if pass > 0 {
			took += once
			t.records += count
			t.bytes += count * valueBytes
		}
	}
	return t, took
}

func makeHits(count uint64) [][]byte {
	keys := make([][]byte, count)
	for j := range keys {
		keys[j] = makeKey(mix(uint64(j)) % counters)
	}
	return keys
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: WORKLOAD FILE COUNT")
	}
	workload, file := strings.TrimPrefix(os.Args[1], "lmdb-"), os.Args[2]
	count, err := strconv.ParseUint(os.Args[3], 10, 64)
	must(err)
	var e engine = &rdbEngine{}
	name := "rdb"
	if workload != os.Args[1] {
		e, name = lmdb, "lmdb"
	}
	var t tally
	var took time.Duration
	switch workload {
	case "count_pairs", "count_merges", "count_batches":
		t, took = countHits(workload, file, makeHits(count))
	case "put_batch":
		t, took = puts(e, file, count)
	case "scan", "get":
		scan, get, done := e.read(file)
		pass := scan
		if workload == "get" {
			keys := makeWanted(count)
			pass = func(t *tally) { get(keys, t) }
		}
		t, took = timed(pass)
		done()
	default:
		log.Fatalf("no such workload: %s", workload)
	}
	line, err := json.Marshal(map[string]any{
		"engine": name, "language": "go", "workload": workload, "records": t.records,
		"seconds": took.Seconds(), "bytes": t.bytes,
	})
	must(err)
	fmt.Println(string(line))
}
