// engine.rs: the referee on one engine. Included once per engine by main.rs, where `db` is the crate.

use std::error::Error;
use std::fmt::Debug;

use db::{
    Database, Durability, Key, MultimapTableDefinition, ReadableDatabase,
    ReadableTable, ReadableTableMetadata, TableDefinition, TableHandle, MultimapTableHandle, Value,
    WriteTransaction,
};

use crate::rows::{self, Draw, Item, Op};
use crate::Options;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A Rust value with the database type it is stored as.
trait Sample: Debug + Sized {
    type Db: Value + 'static;
    fn draw_value(d: &mut Draw) -> Self;
    fn lend(&self) -> <Self::Db as Value>::SelfType<'_>;
    fn equals(&self, stored: &<Self::Db as Value>::SelfType<'_>) -> bool;
}

trait KeySample: Sample + Ord {
    /// Rows this type can tell apart.
    const DOMAIN: u64;
    fn draw_key(d: &mut Draw) -> Self;
}

macro_rules! copied {
    ($type:ty, |$v:ident| $value:expr) => {
        impl Sample for $type {
            type Db = $type;
            #[allow(clippy::unused_unit)]
            fn draw_value($v: &mut Draw) -> Self {
                $value
            }
            fn lend(&self) -> $type {
                *self
            }
            fn equals(&self, stored: &$type) -> bool {
                self == stored
            }
        }
    };
    ($type:ty, |$v:ident| $value:expr, $domain:expr, |$k:ident| $key:expr) => {
        copied!($type, |$v| $value);
        impl KeySample for $type {
            const DOMAIN: u64 = $domain;
            fn draw_key($k: &mut Draw) -> Self {
                $key
            }
        }
    };
}

macro_rules! integers {
    ($($type:ty: $domain:expr),*) => {
        $(copied!($type, |d| d.next() as $type, $domain, |d| d.spread() as $type);)*
    };
}

fn wide(d: &mut Draw) -> u128 {
    let high = d.next();
    (u128::from(high) << 64) | u128::from(d.next())
}

fn wide_key(d: &mut Draw) -> u128 {
    (u128::from(d.next() % 3) << 126) | u128::from(d.spread())
}

const ENDLESS: u64 = u64::MAX;
integers!(u8: 256, i8: 256, u16: 65536, i16: 65536, u32: ENDLESS, i32: ENDLESS, u64: ENDLESS,
          i64: ENDLESS);
copied!(u128, |d| wide(d), ENDLESS, |d| wide_key(d));
copied!(i128, |d| wide(d) as i128, ENDLESS, |d| wide_key(d) as i128);
copied!((), |_d| (), 1, |_d| ());
copied!(bool, |d| d.next() & 1 == 1, 2, |d| d.row & 1 == 1);
copied!(char, |d| rows::char_at(d.next() % rows::ALL_CHARS), rows::ALL_CHARS, |d| d.key_char());
copied!([u8; 16], |d| d.filler(16).try_into().unwrap(), ENDLESS, |d| {
    let mut key = [0u8; 16];
    for byte in &mut key[..12] {
        *byte = (d.next() >> 61) as u8;
    }
    key[12..].copy_from_slice(&(d.row as u32).to_be_bytes());
    key
});
copied!([u8; 3], |d| d.filler(3).try_into().unwrap(), 1 << 24, |d| {
    d.spread().to_le_bytes()[..3].try_into().unwrap()
});
copied!([u32; 3], |d| [d.next() as u32, d.next() as u32, d.next() as u32], ENDLESS, |d| {
    [(d.next() % 5) as u32, d.next() as u32, d.row as u32]
});
copied!([i16; 4], |d| [d.next() as i16, d.next() as i16, d.next() as i16, d.next() as i16], ENDLESS,
    |d| [(d.next() % 3) as i16 - 1, d.next() as i16, d.row as i16, (d.row >> 16) as i16]);
copied!([u64; 2], |d| [d.next(), d.next()], ENDLESS, |d| [d.next() % 7, d.row]);
copied!([[i16; 2]; 3],
    |d| [[d.next() as i16, d.next() as i16], [d.next() as i16, d.next() as i16],
         [d.next() as i16, d.next() as i16]],
    ENDLESS,
    |d| [[(d.next() % 3) as i16 - 1, d.next() as i16], [d.next() as i16, d.row as i16],
         [(d.row >> 16) as i16, 0]]);
copied!([bool; 4], |d| [d.next() & 1 == 1, d.next() & 1 == 1, d.next() & 1 == 1, d.next() & 1 == 1], 16,
    |d| [d.row & 1 != 0, d.row & 2 != 0, d.row & 4 != 0, d.row & 8 != 0]);
copied!([char; 2],
    |d| [rows::char_at(d.next() % rows::ALL_CHARS), rows::char_at(d.next() % rows::ALL_CHARS)],
    rows::ALL_CHARS,
    |d| [rows::LETTERS[(d.next() >> 60) as usize], d.key_char()]);
copied!([[u8; 4]; 2], |d| [d.filler(4).try_into().unwrap(), d.filler(4).try_into().unwrap()]);

macro_rules! floats {
    ($type:ident, $bits:ty) => {
        impl Sample for $type {
            type Db = $type;
            fn draw_value(d: &mut Draw) -> Self {
                $type::from_bits(d.next() as $bits)
            }
            fn lend(&self) -> $type {
                *self
            }
            fn equals(&self, stored: &$type) -> bool {
                self.to_bits() == stored.to_bits()
            }
        }
    };
}
floats!(f32, u32);
floats!(f64, u64);

#[derive(Debug)]
struct Floats([f32; 3]);
impl Sample for Floats {
    type Db = [f32; 3];
    fn draw_value(d: &mut Draw) -> Self {
        Floats([f32::draw_value(d), f32::draw_value(d), f32::draw_value(d)])
    }
    fn lend(&self) -> [f32; 3] {
        self.0
    }
    fn equals(&self, stored: &[f32; 3]) -> bool {
        self.0.iter().zip(stored).all(|(a, b)| a.to_bits() == b.to_bits())
    }
}

/// Rows in ascending order, so that the table is filled by appending.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ascending(u64);
impl Sample for Ascending {
    type Db = u64;
    fn draw_value(d: &mut Draw) -> Self {
        Ascending(d.next())
    }
    fn lend(&self) -> u64 {
        self.0
    }
    fn equals(&self, stored: &u64) -> bool {
        self.0 == *stored
    }
}
impl KeySample for Ascending {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        Ascending(d.row + 1000)
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Octets(Vec<u8>);
impl Sample for Octets {
    type Db = &'static [u8];
    fn draw_value(d: &mut Draw) -> Self {
        let size = d.value_size();
        Octets(d.filler(size))
    }
    fn lend(&self) -> &[u8] {
        &self.0
    }
    fn equals(&self, stored: &&[u8]) -> bool {
        self.0 == *stored
    }
}
impl KeySample for Octets {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        Octets(d.key_bytes())
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Text(String);
impl Sample for Text {
    type Db = &'static str;
    fn draw_value(d: &mut Draw) -> Self {
        Text(d.value_text())
    }
    fn lend(&self) -> &str {
        &self.0
    }
    fn equals(&self, stored: &&str) -> bool {
        self.0 == *stored
    }
}
impl KeySample for Text {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        Text(d.key_text())
    }
}

impl Sample for String {
    type Db = String;
    fn draw_value(d: &mut Draw) -> Self {
        d.value_text()
    }
    fn lend(&self) -> String {
        self.clone()
    }
    fn equals(&self, stored: &String) -> bool {
        self == stored
    }
}
impl KeySample for String {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        d.key_text()
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tag([u8; 8]);
impl Sample for Tag {
    type Db = &'static [u8; 8];
    fn draw_value(d: &mut Draw) -> Self {
        Tag(d.filler(8).try_into().unwrap())
    }
    fn lend(&self) -> &[u8; 8] {
        &self.0
    }
    fn equals(&self, stored: &&[u8; 8]) -> bool {
        self.0 == **stored
    }
}
impl KeySample for Tag {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        Tag(d.spread().to_le_bytes())
    }
}

/// One table of the file under test.
struct Rows {
    item: Item,
    seed: u64,
    /// In a compressed file shodh-redb's scans show the byte before a value (spec 02, D4).
    compressed: bool,
}

impl Rows {
    fn name(&self) -> String {
        format!("{}.{}", self.item.case, self.item.rows)
    }
    fn initial<K: KeySample>(&self) -> u64 {
        self.item.rows.min(K::DOMAIN)
    }
    fn universe<K: KeySample>(&self) -> u64 {
        (self.item.rows + self.item.rows / 4 + 2).min(K::DOMAIN)
    }
    fn key<K: KeySample>(&self, row: u64) -> K {
        K::draw_key(&mut Draw::key(self.seed, row, self.item.large))
    }
    fn value<V: Sample>(&self, row: u64, version: u64) -> V {
        V::draw_value(&mut Draw::value(self.seed, row, version, self.item.large))
    }

    fn fill<K: KeySample, V: Sample>(&self, txn: &WriteTransaction, part: u64, parts: u64) -> Outcome
    where
        K::Db: Key,
    {
        let name = self.name();
        let mut table = txn.open_table(TableDefinition::<K::Db, V::Db>::new(&name))?;
        for row in (0..self.initial::<K>()).filter(|row| row % parts == part) {
            table.insert(self.key::<K>(row).lend(), self.value::<V>(row, 0).lend())?;
        }
        Ok(())
    }

    fn turn<K: KeySample, V: Sample>(
        &self,
        txn: &WriteTransaction,
        round: u64,
        part: u64,
        parts: u64,
    ) -> Outcome
    where
        K::Db: Key,
    {
        let name = self.name();
        let mut table = txn.open_table(TableDefinition::<K::Db, V::Db>::new(&name))?;
        for row in (0..self.universe::<K>()).filter(|row| row % parts == part) {
            match rows::op(self.seed, row, round) {
                Op::Keep => {}
                Op::Put => {
                    table.insert(self.key::<K>(row).lend(), self.value::<V>(row, round).lend())?;
                }
                Op::Erase => {
                    let was = rows::version(self.seed, row, self.initial::<K>(), round - 1);
                    let old = table.remove(self.key::<K>(row).lend())?;
                    if was.is_some() != old.is_some() {
                        return Err(format!("{name}: row {row} was not what round {round} removes").into());
                    }
                }
            }
        }
        Ok(())
    }

    /// A round and a new name for the table in one transaction (spec 02, D1), and the old name in another.
    fn turn_renamed<K: KeySample, V: Sample>(&self, database: &Database, round: u64) -> Outcome
    where
        K::Db: Key,
    {
        let name = self.name();
        let old = TableDefinition::<K::Db, V::Db>::new(&name);
        let new = TableDefinition::<K::Db, V::Db>::new("renamed");
        let txn = database.begin_write()?;
        self.turn::<K, V>(&txn, round, 0, 1)?;
        txn.rename_table(old, new)?;
        txn.commit()?;
        let txn = database.begin_write()?;
        txn.rename_table(new, old)?;
        txn.commit()?;
        Ok(())
    }

    fn compare<K: KeySample, V: Sample>(&self, txn: &db::ReadTransaction, round: u64) -> Outcome<u64>
    where
        K::Db: Key,
    {
        let name = self.name();
        let table = txn.open_table(TableDefinition::<K::Db, V::Db>::new(&name))?;
        let initial = self.initial::<K>();
        let mut expected: Vec<(K, u64, u64)> = (0..self.universe::<K>())
            .filter_map(|row| {
                rows::version(self.seed, row, initial, round).map(|v| (self.key::<K>(row), row, v))
            })
            .collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        if table.len()? != expected.len() as u64 {
            return Err(format!("{name}: {} rows, expected {}", table.len()?, expected.len()).into());
        }
        let mut stored = table.iter()?;
        for (key, row, version) in &expected {
            let Some(entry) = stored.next() else {
                return Err(format!("{name}: ends before row {row}").into());
            };
            let (k, v) = entry?;
            if !key.equals(&k.value()) {
                return Err(format!("{name}: another key where row {row} belongs").into());
            }
            if !self.compressed && !self.value::<V>(*row, *version).equals(&v.value()) {
                return Err(format!("{name}: row {row} has not its value of round {version}").into());
            }
        }
        if stored.next().is_some() {
            return Err(format!("{name}: has rows behind the last expected one").into());
        }
        // Descents, which iteration does not exercise: separators must lead to every row.
        let step = if self.compressed { 1 } else { self.universe::<K>() / 2000 + 1 };
        for row in (0..self.universe::<K>()).step_by(step as usize) {
            let want = rows::version(self.seed, row, initial, round);
            let found = table.get(self.key::<K>(row).lend())?;
            let same = match (&want, &found) {
                (None, None) => true,
                (Some(v), Some(got)) => self.value::<V>(row, *v).equals(&got.value()),
                _ => false,
            };
            if !same {
                return Err(format!("{name}: lookup of row {row} does not find what a scan finds").into());
            }
        }
        Ok(expected.len() as u64)
    }
}

/// Calls $method::<K, V>$args on the table's types.
macro_rules! dispatch {
    ($rows:expr, $method:ident $args:tt) => {
        match $rows.item.case.as_str() {
            "bytes-bytes" => dispatch!(@ $rows, $method, Octets, Octets, $args),
            "str-str" => dispatch!(@ $rows, $method, Text, Text, $args),
            "String-String" => dispatch!(@ $rows, $method, String, String, $args),
            "asc-bytes" => dispatch!(@ $rows, $method, Ascending, Octets, $args),
            "str-unit" => dispatch!(@ $rows, $method, Text, (), $args),
            "unit-str" => dispatch!(@ $rows, $method, (), Text, $args),
            "bool-bytes" => dispatch!(@ $rows, $method, bool, Octets, $args),
            "char-bool" => dispatch!(@ $rows, $method, char, bool, $args),
            "u8-i8" => dispatch!(@ $rows, $method, u8, i8, $args),
            "i8-u8" => dispatch!(@ $rows, $method, i8, u8, $args),
            "u16-char" => dispatch!(@ $rows, $method, u16, char, $args),
            "i16-u16" => dispatch!(@ $rows, $method, i16, u16, $args),
            "u32-f32" => dispatch!(@ $rows, $method, u32, f32, $args),
            "i32-f64" => dispatch!(@ $rows, $method, i32, f64, $args),
            "u64-u64" => dispatch!(@ $rows, $method, u64, u64, $args),
            "i64-i16" => dispatch!(@ $rows, $method, i64, i16, $args),
            "u128-i128" => dispatch!(@ $rows, $method, u128, i128, $args),
            "i128-u128" => dispatch!(@ $rows, $method, i128, u128, $args),
            "u32-unit" => dispatch!(@ $rows, $method, u32, (), $args),
            "[u8;16]-[u32;3]" => dispatch!(@ $rows, $method, [u8; 16], [u32; 3], $args),
            "[u8;3]-i32" => dispatch!(@ $rows, $method, [u8; 3], i32, $args),
            "&[u8;8]-&[u8;8]" => dispatch!(@ $rows, $method, Tag, Tag, $args),
            "[u32;3]-[u8;16]" => dispatch!(@ $rows, $method, [u32; 3], [u8; 16], $args),
            "[i16;4]-u32" => dispatch!(@ $rows, $method, [i16; 4], u32, $args),
            "[u64;2]-i64" => dispatch!(@ $rows, $method, [u64; 2], i64, $args),
            "[[i16;2];3]-bytes" => dispatch!(@ $rows, $method, [[i16; 2]; 3], Octets, $args),
            "[bool;4]-[f32;3]" => dispatch!(@ $rows, $method, [bool; 4], Floats, $args),
            "[char;2]-[[u8;4];2]" => dispatch!(@ $rows, $method, [char; 2], [[u8; 4]; 2], $args),
            other => dispatch_composite!($rows, $method $args, other),
        }
    };
    (@ $rows:expr, $method:ident, $key:ty, $value:ty, ($($arg:expr),*)) => {
        $rows.$method::<$key, $value>($($arg),*)
    };
}

/// Tables of types that rdb only preserves. Their rows never change.
mod kept {
    use super::*;

    const TUPLES: TableDefinition<(u64, &str), Option<u64>> = TableDefinition::new("kept.tuples");
    const LISTS: TableDefinition<[&str; 2], Vec<&str>> = TableDefinition::new("kept.lists");
    const MANY: MultimapTableDefinition<u64, &str> = MultimapTableDefinition::new("kept.many");
    /// The only one rdb is expected to remove: see --drop-doomed of the C++ side.
    const DOOMED: MultimapTableDefinition<u64, u64> = MultimapTableDefinition::new("kept.doomed");

    fn text(row: u64) -> String {
        Draw::key(77, row, false).key_text()
    }

    pub fn fill(txn: &WriteTransaction, count: u64) -> Outcome {
        let mut tuples = txn.open_table(TUPLES)?;
        let mut lists = txn.open_table(LISTS)?;
        let mut many = txn.open_multimap_table(MANY)?;
        let mut doomed = txn.open_multimap_table(DOOMED)?;
        for row in 0..count {
            let name = text(row);
            tuples.insert((row % 10, name.as_str()), (row % 3 != 0).then_some(row))?;
            lists.insert([name.as_str(), "x"], vec!["", name.as_str()])?;
            many.insert(row % 3, name.as_str())?;
            doomed.insert(row % 2, row)?;
        }
        Ok(())
    }

    pub fn compare(txn: &db::ReadTransaction, count: u64) -> Outcome<u64> {
        let tuples = txn.open_table(TUPLES)?;
        let lists = txn.open_table(LISTS)?;
        let many = txn.open_multimap_table(MANY)?;
        if tuples.len()? != count || lists.len()? != count || many.len()? != count {
            return Err("kept tables have lost or gained rows".into());
        }
        for row in 0..count {
            let name = text(row);
            let tuple = tuples.get((row % 10, name.as_str()))?;
            let list = lists.get([name.as_str(), "x"])?;
            let mut found = false;
            for value in many.get(row % 3)? {
                found |= value?.value() == name;
            }
            let same = tuple.is_some_and(|v| v.value() == (row % 3 != 0).then_some(row))
                && list.is_some_and(|v| v.value() == vec!["", name.as_str()])
                && found;
            if !same {
                return Err(format!("kept tables: row {row} is damaged").into());
            }
        }
        let doomed = txn
            .list_multimap_tables()?
            .find(|t| t.name() == DOOMED.name());
        if doomed.is_some() && txn.open_multimap_table(DOOMED)?.len()? != count {
            return Err("kept.doomed has lost or gained rows".into());
        }
        Ok(3 * count)
    }
}

/// Multimaps whose sets grow and shrink around the threshold between inline collections and subtrees.
/// See rows.hpp.
mod sets {
    use super::*;

    const NUMBERS: MultimapTableDefinition<u64, u64> = MultimapTableDefinition::new("sets.numbers");
    const TEXTS: MultimapTableDefinition<&str, &str> = MultimapTableDefinition::new("sets.texts");

    /// Of key in a round: first member, and how many follow one another.
    fn window(key: u64, round: u64, largest: u64) -> std::ops::Range<u64> {
        let sizes = [0, 1, 255, 256, largest, 2];
        let first = 37 * round;
        first..first + sizes[((key + round) % sizes.len() as u64) as usize]
    }

    fn number(key: u64, member: u64) -> u64 {
        member * (key + 3)
    }

    fn text(member: u64) -> String {
        format!("{:06}{}", member, "t".repeat((member % 60) as usize))
    }

    pub fn turn(txn: &WriteTransaction, largest: u64, round: u64) -> Outcome {
        let mut numbers = txn.open_multimap_table(NUMBERS)?;
        let mut texts = txn.open_multimap_table(TEXTS)?;
        for key in 0..6 {
            let name = format!("key {key}");
            let before = if round == 0 { 0..0 } else { window(key, round - 1, largest) };
            let after = window(key, round, largest);
            for member in before.clone().filter(|m| !after.contains(m)) {
                if !numbers.remove(key, number(key, member))?
                    || !texts.remove(name.as_str(), text(member).as_str())?
                {
                    return Err(format!("sets: key {key} has not member {member}").into());
                }
            }
            for member in after.filter(|m| !before.contains(m)) {
                if numbers.insert(key, number(key, member))?
                    || texts.insert(name.as_str(), text(member).as_str())?
                {
                    return Err(format!("sets: key {key} had member {member}").into());
                }
            }
        }
        Ok(())
    }

    pub fn compare(txn: &db::ReadTransaction, largest: u64, round: u64) -> Outcome<u64> {
        let numbers = txn.open_multimap_table(NUMBERS)?;
        let texts = txn.open_multimap_table(TEXTS)?;
        let mut total = 0;
        for key in 0..6 {
            let name = format!("key {key}");
            let members = window(key, round, largest);
            total += members.end - members.start;
            let mut found_numbers = numbers.get(key)?;
            let mut found_texts = texts.get(name.as_str())?;
            for member in members {
                let same = found_numbers.next().transpose()?.is_some_and(|v| v.value() == number(key, member))
                    && found_texts.next().transpose()?.is_some_and(|v| v.value() == text(member));
                if !same {
                    return Err(format!("sets: key {key}, member {member} is not in its place").into());
                }
            }
            if found_numbers.next().is_some() || found_texts.next().is_some() {
                return Err(format!("sets: key {key} has members too many").into());
            }
        }
        if numbers.len()? != total || texts.len()? != total {
            return Err("sets: another number of pairs".into());
        }
        Ok(2 * total)
    }
}

/// A table that fills regions: each row takes a MiB of the file. See rows.hpp.
mod vast {
    use super::*;

    const VAST: TableDefinition<u64, &[u8]> = TableDefinition::new("vast");
    const CYCLE: u64 = 64;
    const BYTES: usize = 600 * 1024;

    fn value(row: u64, round: u64) -> Vec<u8> {
        let version = if row % CYCLE <= round { row % CYCLE } else { 0 };
        Draw::value(98, row, version, false).filler(64).repeat(BYTES / 64)
    }

    pub fn fill(txn: &WriteTransaction, count: u64, part: u64, parts: u64) -> Outcome {
        let mut table = txn.open_table(VAST)?;
        for row in (part..count).step_by(parts as usize) {
            table.insert(row, value(row, 0).as_slice())?;
        }
        Ok(())
    }

    pub fn turn(txn: &WriteTransaction, count: u64, round: u64) -> Outcome {
        let mut table = txn.open_table(VAST)?;
        for row in (0..count).filter(|row| row % CYCLE == round) {
            table.insert(row, value(row, round).as_slice())?;
        }
        Ok(())
    }

    pub fn compare(txn: &db::ReadTransaction, count: u64, round: u64) -> Outcome<u64> {
        let table = txn.open_table(VAST)?;
        let mut next = 0;
        for entry in table.iter()? {
            let (key, stored) = entry?;
            if key.value() != next || stored.value() != value(next, round) {
                return Err(format!("vast: row {next} is not that of round {round}").into());
            }
            next += 1;
        }
        if next != count {
            return Err(format!("vast: {next} rows, expected {count}").into());
        }
        Ok(count)
    }
}

fn tables(options: &Options) -> Vec<Rows> {
    rows::parse_spec(&options.spec, crate::ALL)
        .into_iter()
        .filter(|item| !matches!(item.case.as_str(), "kept" | "vast" | "sets"))
        .map(|item| {
            let number = crate::ALL.iter().position(|c| *c == item.case).expect("a known case") as u64;
            let seed = rows::mix(options.seed, number, item.rows);
            Rows { item, seed, compressed: !options.compression.is_empty() }
        })
        .collect()
}

/// Rows of the tables outside the list of cases: kept, vast or sets.
fn special_rows(options: &Options, name: &str) -> Option<u64> {
    rows::parse_spec(&options.spec, crate::ALL)
        .into_iter()
        .find(|item| item.case == name)
        .map(|item| item.rows)
}

fn compare_all(database: &Database, options: &Options, round: u64) -> Outcome {
    let txn = database.begin_read()?;
    let mut total = 0;
    for table in tables(options) {
        total += dispatch!(table, compare(&txn, round))?;
    }
    if let Some(count) = special_rows(options, "kept") {
        total += kept::compare(&txn, count)?;
    }
    if let Some(count) = special_rows(options, "vast") {
        total += vast::compare(&txn, count, round)?;
    }
    if let Some(largest) = special_rows(options, "sets") {
        total += sets::compare(&txn, largest, round)?;
    }
    println!("rows {total}");
    Ok(())
}

/// Leaves without closing, in the middle of another transaction whose pages are partly on disk.
fn crash(database: Database, options: &Options) -> ! {
    if options.open_txn {
        let txn = database.begin_write().unwrap();
        {
            let mut table =
                txn.open_table(TableDefinition::<u64, &[u8]>::new("never committed")).unwrap();
            for i in 0..2000u64 {
                table.insert(i, [7u8; 500].as_slice()).unwrap();
            }
        }
        std::mem::forget(txn);
    }
    std::mem::forget(database);
    std::process::exit(0);
}

fn finish(database: Database, options: &Options) -> Outcome {
    if options.crash {
        crash(database, options);
    }
    drop(database);
    Ok(())
}

fn create(options: &Options) -> Outcome {
    let database = match options.compression.as_str() {
        "" => Database::create(&options.file)?,
        codec => special::create_compressed(&options.file, codec)?,
    };
    let parts = 3;
    for part in 0..parts {
        let txn = database.begin_write()?;
        for table in tables(options) {
            dispatch!(table, fill(&txn, part, parts))?;
        }
        if part == 0 {
            if let Some(count) = special_rows(options, "kept") {
                kept::fill(&txn, count)?;
            }
            if let Some(largest) = special_rows(options, "sets") {
                sets::turn(&txn, largest, 0)?;
            }
            special::fill(&txn, options)?;
        }
        if let Some(count) = special_rows(options, "vast") {
            vast::fill(&txn, count, part, parts)?;
        }
        txn.commit()?;
    }
    finish(database, options)
}

fn apply_round(database: &Database, options: &Options) -> Outcome {
    let round = options.round;
    for part in 0..2 {
        let mut txn = database.begin_write()?;
        if part == 0 && round % 2 == 1 {
            txn.set_durability(Durability::None)?;
        } else {
            txn.set_two_phase_commit(round % 3 == 0);
            txn.set_quick_repair(round % 4 == 0);
        }
        for table in tables(options) {
            dispatch!(table, turn(&txn, round, part, 2))?;
        }
        if let (0, Some(count)) = (part, special_rows(options, "vast")) {
            vast::turn(&txn, count, round)?;
        }
        if let (1, Some(largest)) = (part, special_rows(options, "sets")) {
            sets::turn(&txn, largest, round)?;
        }
        txn.commit()?;
    }
    Ok(())
}

fn integrity(database: &mut Database, options: &Options) -> Outcome {
    if !options.integrity {
        return Ok(());
    }
    let clean = database.check_integrity()?;
    println!("integrity {clean}");
    if !clean && options.expect_clean {
        return Err("the engine's integrity check had to repair the file".into());
    }
    Ok(())
}

fn check(options: &Options) -> Outcome {
    let mut database = Database::open(&options.file)?;
    integrity(&mut database, options)?;
    compare_all(&database, options, options.round)?;
    special::compare(&database, options)?;
    if options.compact {
        println!("compacted {}", database.compact()?);
    }
    finish(database, options)
}

fn turn(options: &Options) -> Outcome {
    let mut database = Database::open(&options.file)?;
    integrity(&mut database, options)?;
    compare_all(&database, options, options.round - 1)?;
    special::compare(&database, options)?;
    apply_round(&database, options)?;
    if options.recheck {
        compare_all(&database, options, options.round)?;
    }
    if options.compact {
        println!("compacted {}", database.compact()?);
    }
    finish(database, options)
}

/// A turn without checks, whose tables change their names on the way.
fn rename(options: &Options) -> Outcome {
    let database = Database::open(&options.file)?;
    for table in tables(options) {
        dispatch!(table, turn_renamed(&database, options.round))?;
    }
    finish(database, options)
}

/// Read-only: also verifies every checksum in shodh-redb.
fn look(options: &Options) -> Outcome {
    let database = db::ReadOnlyDatabase::open(&options.file)?;
    let txn = database.begin_read()?;
    let mut total = 0;
    for table in tables(options) {
        total += dispatch!(table, compare(&txn, options.round))?;
    }
    println!("rows {total}");
    Ok(())
}

/// Takes a persistent savepoint of the state it finds.
fn savepoint(options: &Options) -> Outcome {
    let database = Database::open(&options.file)?;
    let txn = database.begin_write()?;
    println!("savepoint {}", txn.persistent_savepoint()?);
    txn.commit()?;
    finish(database, options)
}

/// Goes back to the oldest persistent savepoint, whose state is that of the round given, and drops it.
fn restore(options: &Options) -> Outcome {
    let mut database = Database::open(&options.file)?;
    let mut txn = database.begin_write()?;
    let id = txn.list_persistent_savepoints()?.min().ok_or("no savepoint in the file")?;
    let savepoint = txn.get_persistent_savepoint(id)?;
    txn.restore_savepoint(&savepoint)?;
    txn.delete_persistent_savepoint(id)?;
    drop(savepoint);
    txn.commit()?;
    integrity(&mut database, options)?;
    compare_all(&database, options, options.round)?;
    finish(database, options)
}

fn dump(options: &Options) -> Outcome {
    let database = Database::open(&options.file)?;
    let txn = database.begin_read()?;
    for table in txn.list_tables()? {
        println!("table {}", table.name());
    }
    for table in txn.list_multimap_tables()? {
        println!("multimap {}", table.name());
    }
    drop(txn);
    let txn = database.begin_write()?;
    println!("{:?}", txn.stats()?);
    Ok(())
}

pub fn run(options: &Options) -> Outcome {
    match options.verb.as_str() {
        "create" => create(options),
        "check" => check(options),
        "turn" => turn(options),
        "look" => look(options),
        "rename" => rename(options),
        "savepoint" => savepoint(options),
        "restore" => restore(options),
        "dump" => dump(options),
        "write-texts" | "check-texts" => special::texts(options),
        "write-quirks" => special::quirks(options),
        "expire" => special::expire(options),
        other => Err(format!("no verb {other}").into()),
    }
}
