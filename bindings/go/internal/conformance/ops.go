package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"rdb.example/rdb"
)

type operation func(r *runner, l line) (facts, error)

var operations = map[string]operation{
	"version": version, "status_name": statusName, "has_feature": hasFeature, "options": options, "option": option,
	"open": open, "open_memory": open, "recovery": recovery, "verify": verify, "report_free": reportFree,
	"write_file": writeFile, "copy_file": copyFile, "patch_file": patchFile, "xor_file": xorFile,
	"unpack_file": unpackFile,
	"stats": onDB(func(db *rdb.DB, l line) (facts, error) {
		stats, err := db.Stats()
		return numbers(stats), err
	}),
	"close":          onDB(func(db *rdb.DB, l line) (facts, error) { return nil, db.Close() }),
	"close_deferred": onDB(func(db *rdb.DB, l line) (facts, error) { db.CloseDeferred(); return nil, nil }),

	"cancel_create":  func(r *runner, l line) (facts, error) { return made(r, l, "cancel", newCanceller(), nil) },
	"cancel_trigger": onCancel(func(c *canceller) { c.cancel() }),
	"cancel_reset":   onCancel(func(c *canceller) { c.cancel(); *c = *newCanceller() }),
	"cancel_free":    onCancel(func(c *canceller) { c.cancel() }),

	"begin": begin, "txn_id": txnID,
	"commit": onTx(func(tx *rdb.Tx, l line) (facts, error) { return nil, tx.Commit() }),
	"abort":  onTx(func(tx *rdb.Tx, l line) (facts, error) { return nil, tx.Rollback() }),
	"set_durability": onTx(func(tx *rdb.Tx, l line) (facts, error) {
		return nil, tx.SetDurability(durabilities[l.text("durability")])
	}),
	"set_two_phase":    onTx(func(tx *rdb.Tx, l line) (facts, error) { return nil, tx.SetTwoPhase(l.on("on")) }),
	"set_quick_repair": onTx(func(tx *rdb.Tx, l line) (facts, error) { return nil, tx.SetQuickRepair(l.on("on")) }),

	"table_open": tableOpen, "table_open_raw": tableOpen, "table_list": tableList, "table_find": tableFind,
	"encode": encodeValue, "decode": decodeValue,
	"listing_at": listingAt, "listing_count": listingCount, "listing_free": listingFree,
	"table_rename": onTx(func(tx *rdb.Tx, l line) (facts, error) {
		from, err := name(l, "from")
		to, err2 := name(l, "to")
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return nil, tx.RenameTable(from, to)
	}),
	"table_delete": onTx(func(tx *rdb.Tx, l line) (facts, error) {
		name, err := name(l, "name")
		if err != nil {
			return nil, err
		}
		return nil, unlessFound(tx.DeleteTable(name))
	}),
}

var durabilities = map[string]rdb.Durability{"immediate": rdb.Immediate, "none": rdb.None}

// unlessFound turns "it was not there" into the status.
func unlessFound(found bool, err error) error {
	if err == nil && !found {
		return rdb.ErrNotFound
	}
	return err
}

func onDB(f func(db *rdb.DB, l line) (facts, error)) operation {
	return func(r *runner, l line) (facts, error) {
		db, err := handle[*rdb.DB](r, l, "db")
		if err != nil {
			return nil, err
		}
		return f(db, l)
	}
}

func onTx(f func(tx *rdb.Tx, l line) (facts, error)) operation {
	return func(r *runner, l line) (facts, error) {
		tx, err := handle[*rdb.Tx](r, l, "txn")
		if err != nil {
			return nil, err
		}
		return f(tx, l)
	}
}

func onCancel(f func(c *canceller)) operation {
	return func(r *runner, l line) (facts, error) {
		c, err := handle[*canceller](r, l, "cancel")
		if err == nil {
			f(c)
		}
		return nil, err
	}
}

func version(r *runner, l line) (facts, error) {
	n := rdb.VersionNumber()
	if text := fmt.Sprintf("%d.%d.%d", n/1000000, n/1000%1000, n%1000); rdb.Version() != text {
		return nil, fmt.Errorf("%s is not %s", rdb.Version(), text)
	}
	if rdb.BuildInfo() == "" {
		return nil, errors.New("no build line")
	}
	return nil, rdb.CheckABI(rdb.ABIVersion())
}

func statusName(r *runner, l line) (facts, error) {
	status, err := l.number("status")
	return facts{"name": rdb.Status(status).String()}, err
}

func hasFeature(r *runner, l line) (facts, error) {
	name, err := name(l, "name")
	return facts{"has": rdb.HasFeature(name)}, err
}

func options(r *runner, l line) (facts, error) {
	var names []any
	for _, option := range rdb.Options() {
		names = append(names, option.Name)
	}
	return facts{"names": names}, nil
}

func option(r *runner, l line) (facts, error) {
	index, err := l.number("index")
	if err != nil {
		return nil, err
	}
	all := rdb.Options()
	if index >= len(all) {
		return nil, rdb.ErrNotFound
	}
	kinds := []string{"bool", "uint", "bytes", "choice"}
	o := all[index]
	return facts{"name": o.Name, "type": kinds[o.Kind], "choices": o.Choices, "initial": o.Initial}, nil
}

func open(r *runner, l line) (facts, error) {
	ctx, err := r.context(l)
	called := false
	progress, err2 := progress(l, &called)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	opts := []rdb.Option{rdb.WithContext(ctx), rdb.WithRepairProgress(progress)}
	texts, _ := l["options"].(map[string]any)
	for name, text := range texts {
		opts = append(opts, rdb.WithOption(name, fmt.Sprint(text)))
	}
	var db *rdb.DB
	if l.text("op") == "open_memory" {
		db, err = rdb.OpenMemory(opts...)
	} else if path, failed := name(l, "path"); failed != nil {
		return nil, failed
	} else {
		db, err = rdb.Open(r.path(path), opts...)
	}
	_, err = made(r, l, "db", db, err)
	return facts{"progress_calls": called}, err
}

func recovery(r *runner, l line) (facts, error) {
	db, err := handle[*rdb.DB](r, l, "db")
	if err != nil {
		return nil, err
	}
	found, err := db.Recovery()
	flags := []any{}
	for i, name := range []string{"CLEAN", "FULL_REPAIR", "OLDER_COMMIT", "MIRROR"} {
		if found.Flags>>i&1 != 0 {
			flags = append(flags, name)
		}
	}
	return facts{"flags": flags, "notes": uint64(len(found.Notes))}, err
}

func verify(r *runner, l line) (facts, error) {
	db, err := handle[*rdb.DB](r, l, "db")
	ctx, err2 := r.context(l)
	called := false
	progress, err3 := progress(l, &called)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	levels := map[string]rdb.Level{"": 0, "header": 0, "checksums": 1, "full": 2}
	report, err := db.Verify(ctx, levels[l.text("level")], progress)
	if err != nil {
		return facts{"progress_calls": called}, err
	}
	given := numbers(*report)
	given["progress_calls"] = called
	given["problem_count"] = uint64(len(report.Problems))
	pages := []any{}
	for _, problem := range report.Problems {
		if problem.Page != rdb.NoPosition {
			pages = append(pages, problem.Page)
		}
	}
	given["pages"] = pages
	if l.has("report") {
		made(r, l, "report", &kept[rdb.Problem]{report.Problems}, nil)
	}
	return given, nil
}

func reportFree(r *runner, l line) (facts, error) {
	report, err := handle[*kept[rdb.Problem]](r, l, "report")
	if err == nil {
		report.list = nil
	}
	return nil, err
}

func writeFile(r *runner, l line) (facts, error) {
	content, err := bytesOf(l["bytes"])
	if err != nil {
		return nil, err
	}
	return nil, os.WriteFile(r.path(l.text("path")), content, 0o600)
}

func copyFile(r *runner, l line) (facts, error) {
	content, err := os.ReadFile(r.path(l.text("from")))
	if err == nil && l.has("size") {
		size, err2 := l.number("size")
		if err2 != nil || size > len(content) {
			return nil, fmt.Errorf("a copy of %d bytes out of %d: %v", size, len(content), err2)
		}
		content = content[:size]
	}
	if err != nil {
		return nil, err
	}
	return nil, os.WriteFile(r.path(l.text("to")), content, 0o600)
}

func patchFile(r *runner, l line) (facts, error) {
	patch, err := bytesOf(l["bytes"])
	offset, err2 := l.number("offset")
	file, err3 := os.OpenFile(r.path(l.text("path")), os.O_WRONLY, 0)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	_, err = file.WriteAt(patch, int64(offset))
	return nil, errors.Join(err, file.Close())
}

func xorFile(r *runner, l line) (facts, error) {
	wanted, err := bytesOf(l["find"])
	with, err2 := l.number("with")
	content, err3 := os.ReadFile(r.path(l.text("path")))
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	places := []int{}
	for at := 0; ; {
		i := bytes.Index(content[at:], wanted)
		if i < 0 {
			break
		}
		places = append(places, at+i)
		at += i + 1
	}
	if len(places) == 0 {
		return nil, errors.New("the file does not have these bytes")
	}
	for _, at := range places {
		content[at] ^= byte(with)
	}
	return nil, os.WriteFile(r.path(l.text("path")), content, 0o600)
}

func unpackFile(r *runner, l line) (facts, error) {
	packed, err := os.Open(filepath.Join(r.scripts, l.text("file")))
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	unpacker, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(unpacker)
	if err != nil {
		return nil, err
	}
	return nil, os.WriteFile(r.path(l.text("path")), content, 0o600)
}

func begin(r *runner, l line) (facts, error) {
	db, err := handle[*rdb.DB](r, l, "db")
	ctx, err2 := r.context(l)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	opts := []rdb.TxOption{rdb.WithDurability(durabilities[l.text("durability")])}
	if l.on("two_phase") {
		opts = append(opts, rdb.WithTwoPhase())
	}
	if l.on("quick_repair") {
		opts = append(opts, rdb.WithQuickRepair())
	}
	switch l.text("wait") {
	case "not":
		opts = append(opts, rdb.WithLockTimeout(0))
	case "timeout":
		ms, err := l.number("timeout_ms")
		if err != nil {
			return nil, err
		}
		opts = append(opts, rdb.WithLockTimeout(time.Duration(ms)*time.Millisecond))
	}
	tx, err := db.Begin(ctx, l.text("kind") == "write", opts...)
	return made(r, l, "txn", tx, err)
}

func txnID(r *runner, l line) (facts, error) {
	tx, err := handle[*rdb.Tx](r, l, "txn")
	if err != nil {
		return nil, err
	}
	id, err := tx.ID()
	if err != nil {
		return nil, err
	}
	r.ids[l.text("txn")] = id
	given := facts{}
	gives, _ := l["gives"].(map[string]any)
	for how, other := range gives {
		earlier := r.ids[fmt.Sprint(other)]
		if how == "same_as" && id == earlier || how == "above" && id > earlier && earlier > 0 {
			given[how] = other
		}
	}
	return given, nil
}

func tableOpen(r *runner, l line) (facts, error) {
	tx, err := handle[*rdb.Tx](r, l, "txn")
	name, err2 := name(l, "name")
	key, keyForm, err3 := typeOf(l["key_type"])
	value, valueForm, err4 := typeOf(l["value_type"])
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return nil, err
	}
	var opened *rdb.Table
	if l.text("op") == "table_open_raw" {
		opened, err = tx.OpenTableRaw(name)
	} else {
		opened, err = tx.OpenTable(name, key, value)
	}
	return made(r, l, "table", &table{opened, keyForm, valueForm, nil}, err)
}

func encodeValue(_ *runner, l line) (facts, error) {
	_, form, err := typeOf(l["type"])
	if err != nil {
		return nil, err
	}
	bytes, err := form.encode(l["value"])
	return facts{"bytes": stored{bytes, bytesForm}}, err
}

func decodeValue(_ *runner, l line) (facts, error) {
	_, form, err := typeOf(l["type"])
	bytes, err2 := bytesOf(l["bytes"])
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	_, err = form.decode(bytes)
	return facts{"value": stored{bytes, form}}, err
}

func tableList(r *runner, l line) (facts, error) {
	tx, err := handle[*rdb.Tx](r, l, "txn")
	if err != nil {
		return nil, err
	}
	infos, err := tx.Tables()
	if err != nil {
		return nil, err
	}
	names := []any{}
	for _, info := range infos {
		names = append(names, info.Name)
	}
	if l.has("listing") {
		made(r, l, "listing", &kept[rdb.TableInfo]{append([]rdb.TableInfo{}, infos...)}, nil)
	}
	return facts{"names": names}, nil
}

func tableFind(r *runner, l line) (facts, error) {
	tx, err := handle[*rdb.Tx](r, l, "txn")
	name, err2 := name(l, "name")
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	info, err := tx.FindTable(name)
	if err == nil && l.has("listing") {
		made(r, l, "listing", &kept[rdb.TableInfo]{[]rdb.TableInfo{info}}, nil)
	}
	return infoFacts(info), err
}

func listingAt(r *runner, l line) (facts, error) {
	listing, err := handle[*kept[rdb.TableInfo]](r, l, "listing")
	index, err2 := l.number("index")
	switch {
	case err != nil || err2 != nil:
		return nil, errors.Join(err, err2)
	case listing.list == nil:
		return nil, rdb.ErrClosed
	case index >= len(listing.list):
		return nil, rdb.ErrNotFound
	}
	return infoFacts(listing.list[index]), nil
}

func listingCount(r *runner, l line) (facts, error) {
	listing, err := handle[*kept[rdb.TableInfo]](r, l, "listing")
	if err != nil {
		return nil, err
	}
	return facts{"count": uint64(len(listing.list))}, nil
}

func listingFree(r *runner, l line) (facts, error) {
	listing, err := handle[*kept[rdb.TableInfo]](r, l, "listing")
	if err == nil {
		listing.list = nil
	}
	return nil, err
}
