package main

import (
	"errors"

	"rdb.example/rdb"
)

var mergeOperators = map[string]rdb.MergeOperator{
	"numeric_add": rdb.NumericAdd, "saturating_add": rdb.SaturatingAdd, "float_add": rdb.FloatAdd,
	"numeric_max": rdb.NumericMax, "numeric_min": rdb.NumericMin, "bitwise_or": rdb.BitwiseOr,
	"bytes_append": rdb.BytesAppend,
}

// errOwn is what a function of the replayer's fails with.
var errOwn = errors.New("raised by the replayer")

// own makes sure that an error of the replayer's came out of the call, and counts as ERR_CALLBACK.
func own(err error) error {
	if errors.Is(err, rdb.ErrCallback) && !errors.Is(err, errOwn) {
		return errors.New("the function's own error is lost")
	}
	return err
}

// mergeFunction is the function that a line names; calls counts its calls.
func mergeFunction(t *table, l line, calls *int) rdb.MergeFunc {
	return func(_, existing, operand []byte) ([]byte, error) {
		*calls++
		switch l.text("function") {
		case "drop":
			return nil, nil
		case "stop":
			return nil, rdb.ErrStopped
		case "raise":
			return nil, errOwn
		case "reenter":
			if _, err := t.Len(); !errors.Is(err, rdb.ErrMisuse) {
				return nil, errors.New("the call on the table was not refused")
			}
		case "join":
			if existing != nil {
				return append(append(append([]byte{}, existing...), ','), operand...), nil
			}
		}
		return operand, nil
	}
}

func init() {
	merge := func(r *runner, t *table, l line) (facts, error) {
		key, err := t.key.encode(l["key"])
		operand, err2 := t.value.encode(l["operand"])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		if l.has("operator") {
			return nil, t.Merge(key, operand, mergeOperators[l.text("operator")])
		}
		calls := 0
		err = t.MergeFunc(key, operand, mergeFunction(t, l, &calls))
		return facts{"calls": uint64(calls)}, own(err)
	}
	batch := func(r *runner, t *table, l line) (facts, error) {
		batch, err := t.batch(l)
		if err != nil {
			return nil, err
		}
		if l.has("operator") {
			return nil, t.MergeBatch(batch, mergeOperators[l.text("operator")])
		}
		calls := 0
		merged, err := t.MergeBatchFunc(batch, mergeFunction(t, l, &calls))
		return facts{"calls": uint64(calls), "count": merged}, own(err)
	}
	operations["merge"] = onTable(merge)
	operations["merge_batch"] = onTable(batch)
	operations["merge_batch_packed"] = onTable(batch)
}
