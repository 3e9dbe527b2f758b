// sessions: values that expire, and counters kept by merges.
package main

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"rdb.example/rdb"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func visit(db *rdb.DB, user, page string) error {
	return db.Update(ctx, func(tx *rdb.Tx) error {
		if err := tx.TTLTable("sessions").PutFor([]byte(user), []byte(page), 10*time.Minute); err != nil {
			return err
		}
		return rdb.TableOf(tx, "visits", rdb.String, rdb.Uint64).Merge(user, 1, rdb.NumericAdd)
	})
}

func show(db *rdb.DB, minutes int) error {
	return db.View(ctx, func(tx *rdb.Tx) error {
		var words []string
		it := tx.TTLTable("sessions").Iterate(rdb.Range{})
		defer it.Close()
		for it.Next() {
			words = append(words, fmt.Sprintf("%s %s", it.Key(), it.Value()))
		}
		fmt.Printf("after %d minutes: %s\n", minutes, strings.Join(words, ", "))
		return it.Err()
	})
}

func tidy(tx *rdb.Tx) error {
	sessions := tx.TTLTable("sessions")
	stored, err := sessions.Len()
	if err != nil {
		return err
	}
	live, err := sessions.LiveCount(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("stored %d, live %d\n", stored, live)
	step, err := sessions.Purge(ctx, nil, 0)
	if err != nil {
		return err
	}
	if stored, err = sessions.Len(); err != nil {
		return err
	}
	fmt.Printf("purged %d, stored %d\n", step.Removed, stored)

	var words []string
	err = rdb.TableOf(tx, "visits", rdb.String, rdb.Uint64).Each(rdb.Range{}, func(user string, count uint64) error {
		words = append(words, fmt.Sprintf("%s %d", user, count))
		return nil
	})
	fmt.Println("visits:", strings.Join(words, ", "))
	return err
}

func run() error {
	db, err := rdb.Open("sessions.rdb")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, step := range []struct {
		minutes int
		visits  [][2]string
	}{{0, [][2]string{{"ada", "home"}, {"bob", "news"}}}, {6, [][2]string{{"ada", "mail"}}}, {12, nil}} {
		// The system's clock, unless a program brings its own.
		if err := db.SetClock(start.Add(time.Duration(step.minutes) * time.Minute)); err != nil {
			return err
		}
		for _, v := range step.visits {
			if err := visit(db, v[0], v[1]); err != nil {
				return err
			}
		}
		if err := show(db, step.minutes); err != nil {
			return err
		}
	}
	return db.Update(ctx, tidy)
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
