module rdb.example/examples

go 1.21

require rdb.example/rdb v0.0.0

// A program outside this tree needs no such line.
replace rdb.example/rdb => ../../bindings/go
