module rdb.example/bench

go 1.21

require (
	github.com/PowerDNS/lmdb-go v1.9.3
	rdb.example/rdb v0.0.0
)

replace rdb.example/rdb => ../../../bindings/go
