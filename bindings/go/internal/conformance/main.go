// The replayer of the conformance scripts (tests/conformance) over package rdb.
//
// usage: conformance SCRIPT...
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"rdb.example/rdb"
)

// line is one operation of a script.
type line map[string]any

func (l line) text(name string) string { s, _ := l[name].(string); return s }
func (l line) has(name string) bool    { _, there := l[name]; return there }
func (l line) on(name string) bool     { b, _ := l[name].(bool); return b }

func (l line) number(name string) (int, error) {
	n, ok := l[name].(json.Number)
	if !ok {
		return 0, fmt.Errorf("%s is no number", name)
	}
	i, err := n.Int64()
	return int(i), err
}

// handles are the members that name one; what an operation makes is listed in makers.
var handles = []string{"db", "txn", "table", "cursor", "pin", "cancel", "report", "listing", "result"}

var makers = map[string]string{
	"open": "db", "open_memory": "db", "begin": "txn", "table_open": "table", "table_open_raw": "table",
	"multimap_open": "table", "multimap_open_raw": "table", "ttl_open": "table", "ttl_open_raw": "table",
	"cursor_open": "cursor", "get_pin": "pin", "cancel_create": "cancel", "verify": "report",
	"table_list": "listing", "table_find": "listing",
}

// notHere tells why a line is not for this face, "" when it is.
func (r *runner) notHere(l line) string {
	if faces, ok := l["faces"].([]any); ok {
		for _, face := range faces {
			if face == "go" {
				faces = nil
			}
		}
		if faces != nil {
			return "other faces"
		}
	}
	if except, ok := l["except"].(map[string]any); ok && except["go"] != nil {
		return fmt.Sprint(except["go"])
	}
	if needs, ok := l["needs"].([]any); ok {
		for _, feature := range needs {
			if !rdb.HasFeature(fmt.Sprint(feature)) {
				return "needs " + fmt.Sprint(feature)
			}
		}
	}
	for _, kind := range handles {
		if name, ok := l[kind].(string); ok && makers[l.text("op")] != kind && r.skipped[kind+" "+name] {
			return "its " + kind + " is not for this face"
		}
	}
	return ""
}

// replay runs one line and answers what is wrong with the outcome, "" when nothing is.
func (r *runner) replay(l line) string {
	operation, known := operations[l.text("op")]
	if !known {
		return "unknown operation"
	}
	facts, err := operation(r, l)
	status, ok := statusOf(err)
	if !ok {
		return err.Error()
	}
	expected := "OK"
	if l.has("expect") {
		expected = l.text("expect")
	}
	if got := strings.TrimPrefix(status.String(), "RDB_"); got != expected {
		return fmt.Sprintf("%s (%v)", got, err)
	}
	gives, _ := l["gives"].(map[string]any)
	for name, want := range gives {
		got, there := errorFact(err, name)
		if !there {
			got, there = facts[name]
		}
		if !there {
			return "gives no " + name
		}
		if wrong := match(got, want); wrong != "" {
			return name + ": " + wrong
		}
	}
	return ""
}

func main() {
	passed, failed, elsewhere := 0, 0, 0
	for _, script := range os.Args[1:] {
		text, err := os.ReadFile(script)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		r := newRunner(script)
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<24)
		for n := 1; lines.Scan(); n++ {
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			var l line
			decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
			decoder.UseNumber() // numbers as they are written
			wrong := ""
			if err := decoder.Decode(&l); err != nil {
				wrong = err.Error()
			} else if !l.has("op") && l.has("comment") {
				continue
			} else if r.notHere(l) != "" {
				elsewhere++
				if kind := makers[l.text("op")]; kind != "" && l.text(kind) != "" {
					r.skipped[kind+" "+l.text(kind)] = true
				}
				continue
			} else {
				delete(r.skipped, makers[l.text("op")]+" "+l.text(makers[l.text("op")]))
				wrong = r.replay(l)
			}
			if wrong == "" {
				passed++
				continue
			}
			failed++
			fmt.Printf("%s:%d: %s\n  came: %s\n", script, n, lines.Text(), wrong)
		}
		r.close()
	}
	fmt.Printf("conformance: go: %d lines passed, %d failed, %d not for this face\n", passed, failed, elsewhere)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
