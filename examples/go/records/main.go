// records: opening a database; storing, reading, replacing and deleting records.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"rdb.example/rdb"
)

func show(people *rdb.Table, name string) error {
	born, err := people.Get([]byte(name))
	if errors.Is(err, rdb.ErrNotFound) {
		born, err = []byte("not found"), nil
	}
	if err == nil {
		fmt.Printf("%s: %s\n", name, born)
	}
	return err
}

func run() error {
	db, err := rdb.Open("people.rdb")
	if err != nil {
		return err
	}
	ctx := context.Background()

	err = db.Update(ctx, func(tx *rdb.Tx) error { // durable once this returns nil
		people := tx.Table("people")
		if err := people.Put([]byte("ada"), []byte("1815")); err != nil {
			return err // and everything is taken back
		}
		return people.Put([]byte("alan"), []byte("1912"))
	})
	if err != nil {
		return err
	}

	err = db.View(ctx, func(tx *rdb.Tx) error {
		people := tx.Table("people")
		if err := show(people, "ada"); err != nil {
			return err
		}
		if err := show(people, "grace"); err != nil {
			return err
		}
		count, err := people.Len()
		fmt.Println(count, "people")
		return err
	})
	if err != nil {
		return err
	}

	err = db.Update(ctx, func(tx *rdb.Tx) error {
		people := tx.Table("people")
		if err := people.Put([]byte("ada"), []byte("10 December 1815")); err != nil {
			return err
		}
		if err := show(people, "ada"); err != nil {
			return err
		}
		deleted, err := people.Delete([]byte("alan"))
		if err != nil {
			return err
		}
		if deleted {
			fmt.Println("alan was deleted")
		}
		count, err := people.Len()
		fmt.Println(count, "person")
		return err
	})
	if err != nil {
		return err
	}
	return db.Close()
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
