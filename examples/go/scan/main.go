// scan: all keys in order, a range, a prefix, backwards.
package main

import (
	"context"
	"fmt"
	"log"

	"rdb.example/rdb"
)

var stations = [][2]string{
	{"hamburg/altona", "S1 S2 S3"},
	{"berlin/zoo", "U2 U9"},
	{"bern/bahnhof", "S1 S2"},
	{"berlin/alexanderplatz", "U2 U5 U8"},
	{"hamburg/sternschanze", "U3"},
	{"berlin/mehringdamm", "U6 U7"},
}

// show prints the entries of a range, at most limit. From Go 1.23 on a range loop over
// table.Seq(r) does the same.
func show(table *rdb.Table, title string, r rdb.Range, limit int) error {
	fmt.Printf("%s:\n", title)
	it := table.Iterate(r)
	defer it.Close()
	for ; limit > 0 && it.Next(); limit-- {
		fmt.Printf("  %s %s\n", it.Key(), it.Value())
	}
	return it.Err()
}

func run() error {
	db, err := rdb.Open("stations.rdb")
	if err != nil {
		return err
	}
	defer db.Close()

	return db.Update(context.Background(), func(tx *rdb.Tx) error {
		table := tx.Table("stations")
		for _, station := range stations {
			if err := table.Put([]byte(station[0]), []byte(station[1])); err != nil {
				return err
			}
		}
		if err := show(table, "all", rdb.Range{}, 100); err != nil {
			return err
		}
		some := rdb.Range{Lower: []byte("berlin/m"), Upper: []byte("bern/z")}
		if err := show(table, "from berlin/m to bern/z", some, 100); err != nil {
			return err
		}
		if err := show(table, "in berlin/", rdb.Prefix([]byte("berlin/")), 100); err != nil {
			return err
		}
		return show(table, "the last two, backwards", rdb.Range{Reverse: true}, 2)
	})
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
