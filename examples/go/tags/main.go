// tags: a multimap: several values a key, both in order.
package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	"rdb.example/rdb"
)

var pairs = [][2]string{{"sf", "dune"}, {"desert", "dune"}, {"england", "emma"}, {"sf", "solaris"}, {"ocean", "solaris"}}

func printCounts(title string, tags *rdb.Multimap) error {
	keys, err := tags.Keys()
	if err != nil {
		return err
	}
	all, err := tags.Len()
	fmt.Printf("%stags %d, pairs %d\n", title, keys, all)
	return err
}

// printAll goes from tag to tag, and over the books of each.
func printAll(tags *rdb.Multimap) error {
	cursor, err := tags.Cursor()
	if err != nil {
		return err
	}
	defer cursor.Close()
	for cursor.NextKey() {
		fmt.Printf("%s: %s", cursor.Key(), cursor.Value())
		for cursor.NextValue() {
			fmt.Printf(", %s", cursor.Value())
		}
		fmt.Println()
	}
	return cursor.Err()
}

func work(tx *rdb.Tx) error {
	tags := rdb.MultimapOf(tx, "tags", rdb.String, rdb.String)
	for _, pair := range pairs {
		if _, err := tags.Put(pair[0], pair[1]); err != nil {
			return err
		}
	}
	if err := printCounts("", tags.Multimap()); err != nil {
		return err
	}
	added, err := tags.Put("sf", "dune")
	if err != nil {
		return err
	}
	fmt.Println("sf and dune again:", map[bool]string{true: "new", false: "nothing new"}[added])
	if err := printAll(tags.Multimap()); err != nil {
		return err
	}

	if _, err := tags.Delete("sf", "dune"); err != nil {
		return err
	}
	books, err := tags.Get("sf")
	if err != nil {
		return err
	}
	fmt.Println("sf without dune:", strings.Join(books, " "))
	if _, err := tags.DeleteKey("sf"); err != nil {
		return err
	}
	return printCounts("without sf: ", tags.Multimap())
}

func run() error {
	db, err := rdb.Open("tags.rdb")
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(context.Background(), work)
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
