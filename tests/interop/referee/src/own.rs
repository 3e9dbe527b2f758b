// own.rs: types that only shodh-redb has. Included by main.rs behind engine.rs, whose traits it implements.

use db::{BinaryQuantized, DynVec, FixedVec, HybridLogicalClock, SQVec, ScalarQuantized};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Clock(u64);
impl Sample for Clock {
    type Db = HybridLogicalClock;
    fn draw_value(d: &mut Draw) -> Self {
        Clock(d.next())
    }
    fn lend(&self) -> HybridLogicalClock {
        HybridLogicalClock::from_raw(self.0)
    }
    fn equals(&self, stored: &HybridLogicalClock) -> bool {
        self.0 == stored.to_raw()
    }
}
impl KeySample for Clock {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        Clock(d.spread())
    }
}

fn same_bits(mine: &[f32], stored: &[f32]) -> bool {
    mine.len() == stored.len() && mine.iter().zip(stored).all(|(a, b)| a.to_bits() == b.to_bits())
}

#[derive(Debug)]
struct Vector([f32; 3]);
impl Sample for Vector {
    type Db = FixedVec<3>;
    fn draw_value(d: &mut Draw) -> Self {
        Vector([f32::draw_value(d), f32::draw_value(d), f32::draw_value(d)])
    }
    fn lend(&self) -> [f32; 3] {
        self.0
    }
    fn equals(&self, stored: &[f32; 3]) -> bool {
        same_bits(&self.0, stored)
    }
}

#[derive(Debug)]
struct Sequence(Vec<f32>);
impl Sample for Sequence {
    type Db = DynVec;
    fn draw_value(d: &mut Draw) -> Self {
        Sequence((0..d.next() % 5).map(|_| f32::draw_value(d)).collect())
    }
    fn lend(&self) -> Vec<f32> {
        self.0.clone()
    }
    fn equals(&self, stored: &Vec<f32>) -> bool {
        same_bits(&self.0, stored)
    }
}

#[derive(Debug)]
struct Bits([u8; 16]);
impl Sample for Bits {
    type Db = BinaryQuantized<16>;
    fn draw_value(d: &mut Draw) -> Self {
        Bits(d.filler(16).try_into().unwrap())
    }
    fn lend(&self) -> [u8; 16] {
        self.0
    }
    fn equals(&self, stored: &[u8; 16]) -> bool {
        self.0 == *stored
    }
}

/// Bounds are finite: shodh-redb reads others as a vector of zeros.
#[derive(Debug)]
struct Codes(f32, f32, [u8; 8]);
impl Sample for Codes {
    type Db = ScalarQuantized<8>;
    fn draw_value(d: &mut Draw) -> Self {
        let least = (d.next() % 1000) as f32;
        let greatest = (d.next() % 1000) as f32;
        Codes(least, greatest, d.filler(8).try_into().unwrap())
    }
    fn lend(&self) -> SQVec<8> {
        SQVec { min_val: self.0, max_val: self.1, codes: self.2 }
    }
    fn equals(&self, stored: &SQVec<8>) -> bool {
        same_bits(&[self.0, self.1], &[stored.min_val, stored.max_val]) && self.2 == stored.codes
    }
}
