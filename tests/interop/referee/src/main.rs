//! referee: the published Rust engines as judges of rdb's files.
//!
//!     referee redb|shodh VERB FILE [--spec SPEC] [--seed N] [--round N] [FLAGS]
//!
//! VERB: create, check, turn, look, rename, savepoint, restore, dump, write-texts, check-texts, write-quirks, expire, and order
//! (order.rs). A turn checks that the file holds the state of round - 1 and takes it to the round given.
//! Exit status 0: all as expected; 1: a difference or an error, told on standard error; 101: the engine
//! panicked.

#[macro_use]
mod composite_cases;
mod nothing;
mod options;
mod rows;
mod expire;

pub use options::{Options, ALL};

mod on_redb {
    use redb as db;
    use crate::nothing as special;
    macro_rules! dispatch_own {
        ($rows:expr, $method:ident $args:tt, $other:ident) => {
            Err(format!("no case {}", $other).into())
        };
    }
    include!("engine.rs");
    include!("composites.rs");
    include!("order.rs");
}

mod on_shodh {
    use shodh_redb as db;
    macro_rules! dispatch_own {
        ($rows:expr, $method:ident $args:tt, $other:ident) => {
            match $other {
                "HLC-FixedVec" => dispatch!(@ $rows, $method, Clock, Vector, $args),
                "u64-DynVec" => dispatch!(@ $rows, $method, u64, Sequence, $args),
                "HLC-BinaryQuantized" => dispatch!(@ $rows, $method, Clock, Bits, $args),
                "str-ScalarQuantized" => dispatch!(@ $rows, $method, Text, Codes, $args),
                "u32-HLC" => dispatch!(@ $rows, $method, u32, Clock, $args),
                other => Err(format!("no case {other}").into()),
            }
        };
    }
    mod special {
        //! A blob, whose system tables rdb and redb must carry along.
        use shodh_redb::{
            Builder, CompressionConfig, ContentType, Database, MultimapTableDefinition, ReadableDatabase,
            ReadableTableMetadata, StoreOptions, TableDefinition, WriteTransaction,
        };
        use std::error::Error;

        pub use crate::expire::expire;

        /// The level of zstd is what shodh-redb makes of any: the default.
        pub fn create_compressed(file: &str, codec: &str) -> Result<Database, Box<dyn Error>> {
            let how = match codec {
                "lz4" => CompressionConfig::Lz4,
                "zstd" => CompressionConfig::Zstd { level: 3 },
                _ => return Err("a codec is lz4 or zstd".into()),
            };
            Ok(Builder::new().set_compression(how).create(file)?)
        }

        /// Values that compress well, of 0 to about 4,000 bytes; those of rdb_side.cpp.
        fn text(row: u64) -> String {
            format!("row {row}, ").repeat((row % 400) as usize)
        }

        pub fn texts(options: &crate::Options) -> Result<(), Box<dyn Error>> {
            const ROWS: u64 = 1000;
            let table = TableDefinition::<u64, &str>::new("texts");
            if options.verb == "write-texts" {
                let database = create_compressed(&options.file, &options.compression)?;
                let txn = database.begin_write()?;
                for row in 0..ROWS {
                    txn.open_table(table)?.insert(row, text(row).as_str())?;
                }
                return Ok(txn.commit()?);
            }
            let mut database = Database::open(&options.file)?;
            if !database.check_integrity()? {
                return Err("the check of integrity repaired something".into());
            }
            let txn = database.begin_read()?;
            let rows = txn.open_table(table)?;
            if rows.len()? != ROWS {
                return Err("the number of texts differs".into());
            }
            for row in 0..ROWS {
                if rows.get(row)?.map(|found| found.value().to_owned()) != Some(text(row)) {
                    return Err(format!("text {row} differs").into());
                }
            }
            Ok(())
        }

        /// All that an lz4 file of shodh-redb can hold against the rules of the format: inline multimap
        /// collections in envelopes, and system tables of fixed width whose checksums are wrong.
        pub fn quirks(options: &crate::Options) -> Result<(), Box<dyn Error>> {
            let database = Builder::new()
                .set_compression(CompressionConfig::Lz4)
                .set_history_retention(6)
                .create(&options.file)?;
            let sets = MultimapTableDefinition::<u64, u64>::new("sets");
            let rows = TableDefinition::<u64, u64>::new("rows");
            for commit in 0..6u64 {
                let txn = database.begin_write()?;
                txn.open_table(rows)?.insert(commit, commit * commit)?;
                if commit == 0 {
                    let mut sets = txn.open_multimap_table(sets)?;
                    for value in 0..600u64 {
                        sets.insert(value % 3, value / 3)?;
                    }
                }
                txn.commit()?;
            }
            if options.crash {
                std::mem::forget(database);
                std::process::exit(0);
            }
            Ok(())
        }

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
    include!("composites.rs");
    include!("own.rs");
    include!("order.rs");
}

fn main() {
    let (engine, options) = options::parse();
    let result = match (engine.as_str(), options.verb.as_str()) {
        ("redb", "order") => on_redb::order(&options.file, &options.spec),
        ("shodh", "order") => on_shodh::order(&options.file, &options.spec),
        ("redb", _) => on_redb::run(&options),
        ("shodh", _) => on_shodh::run(&options),
        _ => Err("usage: referee redb|shodh VERB FILE [OPTIONS]".into()),
    };
    if let Err(error) = result {
        eprintln!("{engine} {}: {error}", options.verb);
        std::process::exit(1);
    }
}
