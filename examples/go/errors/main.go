// errors: what is no error (absence), and how errors tell what they are.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"

	"rdb.example/rdb"
)

var ctx = context.Background()

// show prints the status of an error. Programs rather ask errors.Is with one of the sentinels, such as
// rdb.ErrNotFound; the text of an error is a sentence, its Errno why the system refused.
func show(what string, err error) {
	var e *rdb.Error
	if errors.As(err, &e) {
		fmt.Printf("%s: %v\n", what, e.Status)
	} else {
		fmt.Printf("%s: no error\n", what)
	}
}

func run() error {
	db, err := rdb.Open("errors.rdb")
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.Begin(ctx, true)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	table := tx.Table("table")

	_, err = table.Contains([]byte("nobody"))
	show("an absent key", err)
	if _, err = table.Get([]byte("nobody")); !errors.Is(err, rdb.ErrNotFound) {
		return err
	}
	_, err = rdb.Open("missing.rdb", rdb.WithExisting())
	show("a missing file", err)
	if !errors.Is(err, fs.ErrNotExist) { // errors of the system are found too
		return err
	}

	if err := table.Close(); err != nil {
		return err
	}
	_, err = rdb.TableOf(tx, "table", rdb.Uint64, rdb.Bytes).Get(1)
	show("another type", err)
	_, err = tx.OpenTable("__rdb:mine", rdb.Type{}, rdb.Type{})
	show("a reserved name", err)
	_, err = db.Begin(ctx, true, rdb.WithLockTimeout(0))
	show("a second writer", err)
	show("closing too early", db.Close()) // it stays open

	table = tx.Table("table")
	if err := table.Put([]byte("key"), []byte("value")); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = table.Contains([]byte("key"))
	show("a table after its transaction", err)

	return db.View(ctx, func(tx *rdb.Tx) error {
		there, err := tx.Table("table").Contains([]byte("key"))
		if there {
			fmt.Println("the database still works")
		}
		return err
	})
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
