//! referee: the published Rust engines as judges of rdb's files.
//!
//!     referee redb|shodh VERB FILE [--spec SPEC] [--seed N] [--round N] [FLAGS]
//!
//! VERB: create, check, turn, look, savepoint, restore, dump. A turn checks that the file holds the
//! state of round - 1 and takes it to the round given. Exit status 0: all as expected; 1: a difference
//! or an error, told on standard error; 101: the engine panicked.

mod rows;

mod on_redb {
    use redb as db;
    mod special {
        //! Nothing: redb has no structures that rdb keeps for others.
        pub fn fill(_: &redb::WriteTransaction, _: &crate::Options) -> Result<(), Box<dyn std::error::Error>> {
            Ok(())
        }
        pub fn compare(_: &redb::Database, _: &crate::Options) -> Result<(), Box<dyn std::error::Error>> {
            Ok(())
        }
    }
    include!("engine.rs");
}

mod on_shodh {
    use shodh_redb as db;
    mod special {
        //! A blob, whose system tables rdb and redb must carry along.
        use shodh_redb::{ContentType, Database, ReadableDatabase, StoreOptions, WriteTransaction};
        use std::error::Error;

        fn content() -> Vec<u8> {
            crate::rows::Draw::key(99, 0, false).filler(1000).repeat(200)
        }

        pub fn fill(txn: &WriteTransaction, options: &crate::Options) -> Result<(), Box<dyn Error>> {
            if options.blob {
                let placed = StoreOptions { namespace: Some("kept".into()), ..StoreOptions::default() };
                txn.store_blob(&content(), ContentType::OctetStream, "kept", placed)?;
            }
            Ok(())
        }

        pub fn compare(database: &Database, options: &crate::Options) -> Result<(), Box<dyn Error>> {
            if options.blob {
                let txn = database.begin_read()?;
                let ids = txn.blobs_in_namespace("kept")?;
                let [(id, _)] = ids.as_slice() else {
                    return Err("the blob is not listed".into());
                };
                if txn.get_blob(id)?.map(|blob| blob.0) != Some(content()) {
                    return Err("the blob is damaged".into());
                }
            }
            Ok(())
        }
    }
    include!("engine.rs");
}

/// The cases, in the order that numbers them; see rows.hpp.
pub const ALL: &[&str] = &[
    "bytes-bytes", "str-str", "String-String", "asc-bytes", "str-unit", "unit-str", "bool-bytes",
    "char-bool", "u8-i8", "i8-u8", "u16-char", "i16-u16", "u32-f32", "i32-f64", "u64-u64", "i64-i16",
    "u128-i128", "i128-u128", "u32-unit", "[u8;16]-[u32;3]", "[u8;3]-i32", "&[u8;8]-&[u8;8]",
    "[u32;3]-[u8;16]", "[i16;4]-u32", "[u64;2]-i64", "[[i16;2];3]-bytes", "[bool;4]-[f32;3]",
    "[char;2]-[[u8;4];2]",
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
}

fn main() {
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
    let result = match engine.as_str() {
        "redb" => on_redb::run(&options),
        "shodh" => on_shodh::run(&options),
        _ => Err("usage: referee redb|shodh VERB FILE [OPTIONS]".into()),
    };
    if let Err(error) = result {
        eprintln!("{engine} {}: {error}", options.verb);
        std::process::exit(1);
    }
}
