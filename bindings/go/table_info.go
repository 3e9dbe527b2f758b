package rdb

import "rdb.example/rdb/internal/raw"

// TypeClass is stored in files with the name of a type.
type TypeClass uint32

const (
	ClassBuiltin     TypeClass = 1 // []byte, strings, numbers ...
	ClassUserDefined TypeClass = 2 // a name of an application's, or of its chrono and uuid crates
	ClassTuple       TypeClass = 3 // tuple with parts of variable width
)

// Type is what keys or values of a table are, as stored in the file. Two types are the same when class
// and name are.
type Type struct {
	Class TypeClass
	Name  string
}

// Builtin is a type of class ClassBuiltin, "u64" for instance.
func Builtin(name string) Type { return Type{ClassBuiltin, name} }

// TableKind is stored in files.
type TableKind uint32

const (
	TableNormal   TableKind = 3
	TableMultimap TableKind = 4 // several values a key; see [Multimap]
)

// VariableWidth is the width of a type whose values differ in length.
const VariableWidth = -1

// TableInfo is what the catalog knows of a table.
type TableInfo struct {
	Name          string
	Key, Value    Type
	Entries       uint64 // of a multimap: pairs
	Kind          TableKind
	KeyWidth      int // bytes, or VariableWidth
	ValueWidth    int
	KeyOrderKnown bool // false: rows can only be read, in stored order
}

// tableInfo puts together numbers and texts of rdb_flat_table_describe.
func tableInfo(numbers *[7]int64, part func(which int, room []byte) int64) TableInfo {
	name := func(which int) string {
		return text(func(room []byte) int64 { return part(which, room) })
	}
	return TableInfo{
		Name:          name(0),
		Key:           Type{TypeClass(numbers[2]), name(1)},
		Value:         Type{TypeClass(numbers[3]), name(2)},
		Entries:       uint64(numbers[0]),
		Kind:          TableKind(numbers[1]),
		KeyWidth:      int(numbers[4]),
		ValueWidth:    int(numbers[5]),
		KeyOrderKnown: numbers[6] != 0,
	}
}

// takeListing copies a listing and frees it. It leaves the status of the last call in d.
func takeListing(listing int64, d *raw.Detail) []TableInfo {
	if listing == 0 {
		return nil
	}
	defer raw.ListingFree(listing)
	infos := make([]TableInfo, raw.ListingCount(listing))
	numbers := new([7]int64)
	for i := range infos {
		if raw.ListingAt(listing, int64(i), numbers[:], d); d.Status < 0 {
			return nil
		}
		infos[i] = tableInfo(numbers, func(which int, room []byte) int64 {
			return raw.ListingAtText(listing, int64(i), which, room, d)
		})
	}
	return infos
}

// TableStats are the figures of one table.
type TableStats struct {
	Entries         uint64
	LeafPages       uint64
	BranchPages     uint64
	StoredLeafBytes uint64 // keys and values
	MetadataBytes   uint64 // what the tree adds to them
	FragmentedBytes uint64 // unused parts of its pages
	TreeHeight      uint32 // 0: empty
}
