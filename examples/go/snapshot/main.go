// snapshot: a reader keeps what it saw while a writer goes on; an abort.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"rdb.example/rdb"
)

var (
	ctx = context.Background()
	ada = []byte("ada")

	errDoubt = errors.New("second thoughts")
)

func show(who string, tx *rdb.Tx) error {
	balance, err := tx.Table("accounts").Get(ada)
	if err == nil {
		fmt.Printf("%s: %s\n", who, balance)
	}
	return err
}

func run() error {
	db, err := rdb.Open("accounts.rdb")
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.Update(ctx, func(tx *rdb.Tx) error {
		return tx.Table("accounts").Put(ada, []byte("100"))
	})
	if err != nil {
		return err
	}

	reader, err := db.Begin(ctx, false)
	if err != nil {
		return err
	}
	defer reader.Rollback() // does nothing when it has ended before
	if err := show("balance before", reader); err != nil {
		return err
	}

	err = db.Update(ctx, func(tx *rdb.Tx) error { // the reader is in nobody's way
		if err := tx.Table("accounts").Put(ada, []byte("70")); err != nil {
			return err
		}
		return show("the writer sees", tx)
	})
	if err != nil {
		return err
	}

	if err := show("the reader still sees", reader); err != nil {
		return err
	}
	if err := reader.Rollback(); err != nil { // so that its pages can be used again
		return err
	}
	if err := db.View(ctx, func(tx *rdb.Tx) error { return show("a new reader sees", tx) }); err != nil {
		return err
	}

	err = db.Update(ctx, func(tx *rdb.Tx) error {
		if err := tx.Table("accounts").Put(ada, []byte("0")); err != nil {
			return err
		}
		return errDoubt // so it is as if the transaction had never been
	})
	if !errors.Is(err, errDoubt) {
		return err
	}
	return db.View(ctx, func(tx *rdb.Tx) error { return show("after an abort", tx) })
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
