// rdb.example is a placeholder until the project has a home; it stands here and in import lines.
module rdb.example/rdb

go 1.21
