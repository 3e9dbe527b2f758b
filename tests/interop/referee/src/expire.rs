//! expire.rs: TTL tables, handed to and fro; rdb_side.cpp has the same rounds.
//!
//! Two tables, of texts and of numbers. Row i of them lives for ever, for an hour or for a millisecond, by
//! the remainder of i by 3. Round 0 makes rows 0 to 299. Every other round checks what the round before left,
//! purges, removes row 3 * round and adds 30 rows. In a compressed file nobody purges, and shodh-redb iterates
//! over nothing: its ranges show short values wrong there (spec 02, section 12, D4).

use shodh_redb::{
    Builder, CompressionConfig, Database, ReadableDatabase, ReadableTableMetadata, TtlTableDefinition,
};
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Options;

const FIRST: u64 = 300;
const STEP: u64 = 30;
const HOUR_MS: u64 = 3_600_000;
const TEXTS: TtlTableDefinition<u64, &str> = TtlTableDefinition::new("texts");
const NUMBERS: TtlTableDefinition<u64, u64> = TtlTableDefinition::new("numbers");

fn text(row: u64) -> String {
    format!("row {row}, ").repeat((row % 40) as usize)
}

fn end(round: u64) -> u64 {
    FIRST + STEP * round
}

/// Whether a round leaves the row alive.
fn alive(row: u64, round: u64) -> bool {
    row % 3 != 2 && !(row % 3 == 0 && (1..=round).contains(&(row / 3)))
}

/// Rows that have expired and are stored all the same.
fn expired(round: u64, purges: bool) -> u64 {
    match (purges, round) {
        (false, _) => end(round) / 3,
        (true, 0) => FIRST / 3,
        (true, _) => STEP / 3,
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis() as u64
}

fn fill(database: &Database, begin: u64, end: u64) -> Result<(), Box<dyn Error>> {
    let txn = database.begin_write()?;
    {
        let mut texts = txn.open_ttl_table(TEXTS)?;
        let mut numbers = txn.open_ttl_table(NUMBERS)?;
        for row in begin..end {
            let long = text(row);
            let lifetime = match row % 3 {
                0 => {
                    texts.insert(row, long.as_str())?;
                    numbers.insert(row, row * row)?;
                    continue;
                }
                1 => Duration::from_millis(HOUR_MS),
                _ => Duration::from_millis(1),
            };
            texts.insert_with_ttl(row, long.as_str(), lifetime)?;
            numbers.insert_with_ttl(row, row * row, lifetime)?;
        }
    }
    txn.commit()?;
    std::thread::sleep(Duration::from_millis(5));
    Ok(())
}

fn require(holds: bool, what: &str) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(format!("{what} differs").into()) }
}

fn check(database: &Database, round: u64, purges: bool) -> Result<(), Box<dyn Error>> {
    let expected: Vec<u64> = (0..end(round)).filter(|row| alive(*row, round)).collect();
    let txn = database.begin_read()?;
    let texts = txn.open_ttl_table(TEXTS)?;
    let numbers = txn.open_ttl_table(NUMBERS)?;
    let stored = expected.len() as u64 + expired(round, purges);
    require(texts.len_with_expired()? == stored && numbers.len()? == stored, "the number of rows")?;
    let mut seen = Vec::new();
    if purges {
        for entry in texts.iter()? {
            seen.push(entry?.0.value());
        }
        require(seen == expected, "which texts are shown")?;
    }
    for row in 0..end(round) {
        let value = texts.get(row)?;
        require(value.is_some() == alive(row, round), "which texts are alive")?;
        if let Some(value) = value {
            require(value.value() == text(row), "a text")?;
            let expiry = value.expires_at_ms();
            let fits = match row % 3 {
                0 => expiry == 0,
                _ => expiry > now_ms() && expiry <= now_ms() + HOUR_MS,
            };
            require(fits, "an expiry")?;
        }
        let found = numbers.get(row)?.map(|found| found.value());
        require(found == alive(row, round).then_some(row * row), "a number")?;
    }
    Ok(())
}

pub fn expire(options: &Options) -> Result<(), Box<dyn Error>> {
    let purges = options.compression.is_empty();
    if options.round == 0 {
        let mut builder = Builder::new();
        match options.compression.as_str() {
            "lz4" => builder.set_compression(CompressionConfig::Lz4),
            "zstd" => builder.set_compression(CompressionConfig::Zstd { level: 3 }),
            _ => &mut builder,
        };
        return fill(&builder.create(&options.file)?, 0, FIRST);
    }
    let mut database = Database::open(&options.file)?;
    require(database.check_integrity()?, "the integrity")?;
    check(&database, options.round - 1, purges)?;
    let txn = database.begin_write()?;
    {
        let mut texts = txn.open_ttl_table(TEXTS)?;
        let mut numbers = txn.open_ttl_table(NUMBERS)?;
        if purges {
            let gone = expired(options.round - 1, true);
            require(texts.purge_expired()? == gone && numbers.purge_expired()? == gone, "what a purge finds")?;
        }
        texts.remove(3 * options.round)?;
        numbers.remove(3 * options.round)?;
    }
    txn.commit()?;
    fill(&database, end(options.round - 1), end(options.round))
}
