//! options.rs: the command line of both referee programs, and the list of cases.

/// The cases, in the order that numbers them; see rows.hpp.
pub const ALL: &[&str] = &[
    "bytes-bytes", "str-str", "String-String", "asc-bytes", "str-unit", "unit-str", "bool-bytes",
    "char-bool", "u8-i8", "i8-u8", "u16-char", "i16-u16", "u32-f32", "i32-f64", "u64-u64", "i64-i16",
    "u128-i128", "i128-u128", "u32-unit", "[u8;16]-[u32;3]", "[u8;3]-i32", "&[u8;8]-&[u8;8]",
    "[u32;3]-[u8;16]", "[i16;4]-u32", "[u64;2]-i64", "[[i16;2];3]-bytes", "[bool;4]-[f32;3]",
    "[char;2]-[[u8;4];2]", "(u64.&str)-Option<u64>", "(&str.&str)-(&str.u16.&[u8].&str)",
    "(u64.&str)-(&str.u8).legacy", "(&str.&str)-(u64.u32).legacy", "Option<&str>-Vec<u16>",
    "Option<u64>-Vec<&str>", "[&str;2]-[(u8.&str);2]", "(u16.i8)-Option<&str>",
    "((u8.&str).u8)-Vec<(u8.&str)>", "NaiveDate-Uuid", "NaiveTime-NaiveDate", "NaiveDateTime-NaiveTime",
    "DateTime-FixedOffset", "FixedOffset-DateTime", "Uuid-NaiveDateTime",
    "HLC-FixedVec", "u64-DynVec", "HLC-BinaryQuantized", "str-ScalarQuantized", "u32-HLC",
];

#[derive(Default)]
pub struct Options {
    pub verb: String,
    pub file: String,
    pub spec: String,
    pub seed: u64,
    pub round: u64,
    pub crash: bool,
    pub open_txn: bool,
    pub integrity: bool,
    pub expect_clean: bool,
    pub recheck: bool,
    pub compact: bool,
    pub blob: bool,
    pub compression: String,
}

/// The engine named first, and the options behind it.
pub fn parse() -> (String, Options) {
    let mut words = std::env::args().skip(1);
    let engine = words.next().unwrap_or_default();
    let mut options = Options {
        verb: words.next().unwrap_or_default(),
        file: words.next().unwrap_or_default(),
        ..Options::default()
    };
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|w| w.parse().ok()).expect("a number");
        match word.as_str() {
            "--seed" => options.seed = number(),
            "--round" => options.round = number(),
            "--spec" => options.spec = words.next().expect("a specification"),
            "--compression" => options.compression = words.next().expect("a codec"),
            "--crash" => options.crash = true,
            "--open-txn" => options.open_txn = true,
            "--integrity" => options.integrity = true,
            "--expect-clean" => options.expect_clean = true,
            "--recheck" => options.recheck = true,
            "--compact" => options.compact = true,
            "--blob" => options.blob = true,
            other => panic!("unknown option {other}"),
        }
    }
    (engine, options)
}
