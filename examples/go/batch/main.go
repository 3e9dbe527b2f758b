// batch: a table of numbers and texts; loading, reading and deleting many records at once.
package main

import (
	"context"
	"fmt"
	"log"

	"rdb.example/rdb"
)

func fill(tx *rdb.Tx) error {
	numbers := rdb.TableOf(tx, "numbers", rdb.Uint64, rdb.String)

	var batch rdb.Batch
	for i := uint64(0); i < 100_000; i++ {
		if err := numbers.AddTo(&batch, i, fmt.Sprint("number ", i)); err != nil {
			return err
		}
	}
	loaded, err := numbers.Table().PutBatch(&batch)
	if err != nil {
		return err
	}
	fmt.Println("loaded", loaded)

	wanted := []uint64{7, 99_999, 100_000}
	values, err := numbers.GetBatch(wanted)
	if err != nil {
		return err
	}
	for i, value := range values {
		text := "not there"
		if value != nil {
			text = *value
		}
		fmt.Printf("%d: %s\n", wanted[i], text)
	}

	fmt.Print("from 255 to 257:") // in order of value, however they are stored
	lower, upper := uint64(255), uint64(258)
	r, err := numbers.Between(&lower, &upper)
	if err != nil {
		return err
	}
	err = numbers.Each(r, func(number uint64, _ string) error {
		fmt.Print(" ", number)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println()

	var even []uint64
	for i := uint64(0); i < 100_000; i += 2 {
		even = append(even, i)
	}
	deleted, err := numbers.DeleteBatch(even)
	if err != nil {
		return err
	}
	fmt.Println("deleted", deleted)
	left, err := numbers.Len()
	fmt.Println("left", left)
	return err
}

func run() error {
	db, err := rdb.Open("numbers.rdb")
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(context.Background(), fill)
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
