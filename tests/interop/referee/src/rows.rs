//! rows.rs: the rows every program of this suite expects, computed from (seed, table, row, round).
//!
//! Twin of ../../rows.hpp, which states the algorithm; the two must agree in every bit. Here rows are
//! native Rust values, so the encoding is the engine's own; over there they are encoded by hand.

pub const MAX_LARGE: u64 = 3 * 1024 * 1024;
/// Those that "all" stands for; behind them come the "composites", and shodh-redb's "own".
pub const PLAIN_CASES: usize = 28;
pub const COMPOSITE_CASES: usize = 15;
pub const ALL_CHARS: u64 = 0x11_0000 - 0x800;
pub const LETTERS: [char; 16] =
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'z', 'é', 'ß', 'λ', 'ж', '中', '文', '😀'];

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

pub fn mix(a: u64, b: u64, c: u64) -> u64 {
    let x = scramble(a.wrapping_add(STEP));
    let y = scramble((x ^ b).wrapping_add(STEP));
    scramble((y ^ c).wrapping_add(STEP))
}

pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        scramble(self.0)
    }
}

/// What a sample is drawn from: one row of one table, as key or in one version of its value.
pub struct Draw {
    pub row: u64,
    pub table_seed: u64,
    pub large: bool,
    pub rng: Rng,
}

impl Draw {
    pub fn key(table_seed: u64, row: u64, large: bool) -> Draw {
        Draw { row, table_seed, large, rng: Rng(mix(table_seed, row, 1)) }
    }
    pub fn value(table_seed: u64, row: u64, version: u64, large: bool) -> Draw {
        Draw { row, table_seed, large, rng: Rng(mix(table_seed, row, 2 + version)) }
    }
    pub fn next(&mut self) -> u64 {
        self.rng.next()
    }
    /// Distinct for distinct rows in every width: an odd factor has an inverse.
    pub fn spread(&self) -> u64 {
        self.row.wrapping_mul(STEP).wrapping_add(self.table_seed)
    }
    pub fn key_char(&self) -> char {
        let n = (self.row.wrapping_mul(611_953).wrapping_add(self.table_seed % ALL_CHARS)) % ALL_CHARS;
        char_at(n)
    }
    pub fn value_size(&mut self) -> usize {
        let shape = self.next() % 64;
        let any = self.next();
        let size = if self.large && self.row % 149 == 3 {
            any % (MAX_LARGE + 1)
        } else if shape == 0 {
            0
        } else if shape < 48 {
            any % 100
        } else if shape < 62 {
            any % 500
        } else {
            any % 5000
        };
        size as usize
    }
    pub fn filler(&mut self, size: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(size + 8);
        while out.len() < size {
            out.extend_from_slice(&self.next().to_le_bytes());
        }
        out.truncate(size);
        out
    }
    pub fn key_bytes(&mut self) -> Vec<u8> {
        let mut size = self.next() % 25;
        if self.large && self.row % 97 == 13 {
            size = self.next() % 10_000;
        }
        let mut out: Vec<u8> = (0..size).map(|_| (self.next() >> 61) as u8).collect();
        out.extend_from_slice(&(self.row as u32).to_be_bytes());
        out
    }
    pub fn key_text(&mut self) -> String {
        let mut size = self.next() % 25;
        if self.large && self.row % 97 == 13 {
            size = self.next() % 3_000;
        }
        let mut out: String = (0..size).map(|_| LETTERS[(self.next() >> 60) as usize]).collect();
        let mut rest = self.row;
        for _ in 0..6 {
            out.push((b'a' + (rest % 26) as u8) as char);
            rest /= 26;
        }
        out
    }
    pub fn value_text(&mut self) -> String {
        let size = self.value_size();
        let letters = self.filler(size).iter().map(|b| (b'a' + (b & 15)) as char).collect::<String>();
        if size == 0 { letters } else { format!("ж{letters}") }
    }
}

pub fn char_at(mut n: u64) -> char {
    if n >= 0xD800 {
        n += 0x800;
    }
    char::from_u32(n as u32).unwrap()
}

/// What a round does to a row.
pub enum Op {
    Keep,
    Put,
    Erase,
}

pub fn op(table_seed: u64, row: u64, round: u64) -> Op {
    let dice = mix(table_seed, row, (round << 32) | 0xA5) % 16;
    match round % 5 {
        3 => match dice {
            0..=12 => Op::Erase,
            13 => Op::Put,
            _ => Op::Keep,
        },
        4 => {
            if dice < 12 {
                Op::Put
            } else {
                Op::Keep
            }
        }
        0 if mix(table_seed, round, 7) % 2 == 0 => Op::Erase,
        _ => match dice {
            0 => Op::Erase,
            1 | 2 => Op::Put,
            _ => Op::Keep,
        },
    }
}

/// Version of a row after a round (0 is the state a file is created with); None when it is absent.
pub fn version(table_seed: u64, row: u64, initial: u64, round: u64) -> Option<u64> {
    for r in (1..=round).rev() {
        match op(table_seed, row, r) {
            Op::Put => return Some(r),
            Op::Erase => return None,
            Op::Keep => {}
        }
    }
    if row < initial { Some(0) } else { None }
}

/// One table of a specification "CASE:ROWS[s],...": s keeps keys and values small.
#[derive(Clone)]
pub struct Item {
    pub case: String,
    pub rows: u64,
    pub large: bool,
}

pub fn parse_spec(spec: &str, all: &[&str]) -> Vec<Item> {
    let mut items = Vec::new();
    for part in spec.split(',').filter(|p| !p.is_empty()) {
        let (case, count) = part.split_once(':').expect("CASE:ROWS");
        let small = count.ends_with('s');
        let rows: u64 = count.trim_end_matches('s').parse().expect("a row count");
        let large = !small && rows <= 1000;
        let cases = match case {
            "all" => all[..PLAIN_CASES].to_vec(),
            "composites" => all[PLAIN_CASES..][..COMPOSITE_CASES].to_vec(),
            "own" => all[PLAIN_CASES + COMPOSITE_CASES..].to_vec(),
            _ => vec![case],
        };
        for case in cases {
            items.push(Item { case: case.to_string(), rows, large });
        }
    }
    items
}
