// composites.rs: composite, chrono and uuid types. Included by main.rs behind engine.rs, whose traits it
// implements; redb4.rs leaves it out, because redb 4 marks such types with a class of its own.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use db::Legacy;
use uuid::Uuid;

macro_rules! tuples {
    ($($name:ident: $index:tt),*) => {
        impl<$($name: Sample),*> Sample for ($($name,)*) {
            type Db = ($($name::Db,)*);
            fn draw_value(d: &mut Draw) -> Self {
                ($($name::draw_value(d),)*)
            }
            fn lend(&self) -> <Self::Db as Value>::SelfType<'_> {
                ($(self.$index.lend(),)*)
            }
            fn equals(&self, stored: &<Self::Db as Value>::SelfType<'_>) -> bool {
                $(self.$index.equals(&stored.$index))&&*
            }
        }
    };
}
tuples!(A: 0, B: 1);
tuples!(A: 0, B: 1, C: 2, D: 3);

/// A tuple in the encoding of redb 2.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Old<T>(T);
impl<A: Sample, B: Sample> Sample for Old<(A, B)> {
    type Db = Legacy<(A::Db, B::Db)>;
    fn draw_value(d: &mut Draw) -> Self {
        Old(<(A, B)>::draw_value(d))
    }
    fn lend(&self) -> <Self::Db as Value>::SelfType<'_> {
        (self.0.0.lend(), self.0.1.lend())
    }
    fn equals(&self, stored: &<Self::Db as Value>::SelfType<'_>) -> bool {
        self.0.0.equals(&stored.0) && self.0.1.equals(&stored.1)
    }
}
impl<A: Sample, B: Sample> KeySample for Old<(A, B)>
where
    (A, B): KeySample,
{
    const DOMAIN: u64 = <(A, B)>::DOMAIN;
    fn draw_key(d: &mut Draw) -> Self {
        Old(<(A, B)>::draw_key(d))
    }
}

impl<T: Sample> Sample for Option<T> {
    type Db = Option<T::Db>;
    fn draw_value(d: &mut Draw) -> Self {
        (d.next() % 3 != 0).then(|| T::draw_value(d))
    }
    fn lend(&self) -> <Self::Db as Value>::SelfType<'_> {
        self.as_ref().map(|v| v.lend())
    }
    fn equals(&self, stored: &<Self::Db as Value>::SelfType<'_>) -> bool {
        match (self, stored) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => mine.equals(theirs),
            _ => false,
        }
    }
}
impl<T: KeySample> KeySample for Option<T> {
    const DOMAIN: u64 = T::DOMAIN;
    fn draw_key(d: &mut Draw) -> Self {
        (d.row != 0).then(|| T::draw_key(d))
    }
}

impl<T: Sample> Sample for Vec<T> {
    type Db = Vec<T::Db>;
    fn draw_value(d: &mut Draw) -> Self {
        (0..d.next() % 5).map(|_| T::draw_value(d)).collect()
    }
    fn lend(&self) -> <Self::Db as Value>::SelfType<'_> {
        self.iter().map(|v| v.lend()).collect()
    }
    fn equals(&self, stored: &<Self::Db as Value>::SelfType<'_>) -> bool {
        self.len() == stored.len() && self.iter().zip(stored).all(|(a, b)| a.equals(b))
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair<T>([T; 2]);
impl<T: Sample> Sample for Pair<T> {
    type Db = [T::Db; 2];
    fn draw_value(d: &mut Draw) -> Self {
        Pair([T::draw_value(d), T::draw_value(d)])
    }
    fn lend(&self) -> <Self::Db as Value>::SelfType<'_> {
        [self.0[0].lend(), self.0[1].lend()]
    }
    fn equals(&self, stored: &<Self::Db as Value>::SelfType<'_>) -> bool {
        self.0[0].equals(&stored[0]) && self.0[1].equals(&stored[1])
    }
}

/// One of few texts, so that the members behind it decide.
fn few(d: &mut Draw) -> Text {
    Text(["", "a", "ab", "b", "ж"][(d.next() % 5) as usize].to_string())
}

impl KeySample for (u64, Text) {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        (d.next() % 7 * 255, Text(d.key_text()))
    }
}
impl KeySample for (Text, Text) {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        (few(d), Text(d.key_text()))
    }
}
impl KeySample for Pair<Text> {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        Pair([few(d), Text(d.key_text())])
    }
}
impl KeySample for (u16, i8) {
    const DOMAIN: u64 = 65536;
    fn draw_key(d: &mut Draw) -> Self {
        (d.spread() as u16, d.next() as i8)
    }
}
impl KeySample for ((u8, Text), u8) {
    const DOMAIN: u64 = ENDLESS;
    fn draw_key(d: &mut Draw) -> Self {
        (((d.next() % 3) as u8, Text(d.key_text())), d.next() as u8)
    }
}

fn date(number: u64) -> NaiveDate {
    let month = (number / 28 % 12 + 1) as u32;
    NaiveDate::from_ymd_opt((number / 336 % 20_000) as i32 - 10_000, month, (number % 28 + 1) as u32).unwrap()
}
fn time(number: u64) -> NaiveTime {
    let nanoseconds = (number / 86_400 % 1_000_000_000) as u32;
    NaiveTime::from_num_seconds_from_midnight_opt((number % 86_400) as u32, nanoseconds).unwrap()
}
fn offset(number: u64) -> FixedOffset {
    FixedOffset::east_opt((number % 172_799) as i32 - 86_399).unwrap()
}
fn zoned(d: &mut Draw, moment: NaiveDateTime) -> DateTime<FixedOffset> {
    offset(d.next()).from_utc_datetime(&moment)
}

copied!(NaiveDate, |d| date(d.next()), 336 * 20_000, |d| date(d.row * 611_953));
copied!(NaiveTime, |d| time(d.next()), ENDLESS, |d| time(d.row * 7_919));
copied!(NaiveDateTime, |d| NaiveDateTime::new(date(d.next()), time(d.next())), ENDLESS,
    |d| NaiveDateTime::new(date(d.next() % 3), time(d.row * 7_919)));
copied!(DateTime<FixedOffset>,
    |d| { let moment = NaiveDateTime::new(date(d.next()), time(d.next())); zoned(d, moment) },
    ENDLESS,
    |d| { let moment = NaiveDateTime::new(date(d.next() % 3), time(d.row * 7_919)); zoned(d, moment) });
/// Seconds east, as which offsets are ordered; chrono's have no order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct East(i32);
impl Sample for East {
    type Db = FixedOffset;
    fn draw_value(d: &mut Draw) -> Self {
        East(offset(d.next()).local_minus_utc())
    }
    fn lend(&self) -> FixedOffset {
        FixedOffset::east_opt(self.0).unwrap()
    }
    fn equals(&self, stored: &FixedOffset) -> bool {
        self.0 == stored.local_minus_utc()
    }
}
impl KeySample for East {
    const DOMAIN: u64 = 172_799;
    fn draw_key(d: &mut Draw) -> Self {
        East(offset(d.row * 611_953).local_minus_utc())
    }
}
copied!(Uuid, |d| Uuid::from_bytes(d.filler(16).try_into().unwrap()), ENDLESS,
    |d| Uuid::from_u128(u128::from(d.next() % 3) << 64 | u128::from(d.row)));
