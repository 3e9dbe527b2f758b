// arrow.hpp: scans as Arrow streams, by the Arrow C data and stream interfaces.
//
// Columns "key" and "value":
//
//   &[u8], unknown types    binary (z)            u8..u64 i8..i64   C S I L  c s i l
//   &str String char        utf8 (u)              f32 f64           f g
//   [u8;N] u128 i128        fixed_size_binary     bool              b
//   [T;N]                   fixed_size_list of T  ()                n
//
// A stream holds its own cursor and needs no interpreter lock. It reads as many rows a batch as
// kBatchRows and kBatchBytes allow; it ends with an error when its transaction is over first.
#pragma once

#include <string>

#include "codec.hpp"
#include "python.hpp"

namespace rdb::python {

struct Scan;

// The format of the column that a stored type becomes.
std::string arrow_format(const Codec& codec);

py::object export_schema(const Scan& scan);
py::object export_stream(const Scan& scan, const py::object& requested_schema);

}  // namespace rdb::python
