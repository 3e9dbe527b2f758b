// order.rs: how the engine orders keys, for the comparators of rdb. Included behind engine.rs.
//
//     referee redb|shodh order FILE --spec TYPE
//
// FILE holds pairs of encoded keys: two u32 little-endian lengths, then both keys. Printed is one letter a
// pair: l, e or g as the first is less than, equal to or greater than the second.

fn order_pairs<K: Key>(file: &str) -> Outcome {
    let bytes = std::fs::read(file)?;
    let mut rest = bytes.as_slice();
    let mut answers = String::new();
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
    while !rest.is_empty() {
        let (a, b) = (number(&rest[..4]), number(&rest[4..8]));
        let (first, second) = (&rest[8..8 + a], &rest[8 + a..8 + a + b]);
        answers.push(match K::compare(first, second) {
            std::cmp::Ordering::Less => 'l',
            std::cmp::Ordering::Equal => 'e',
            std::cmp::Ordering::Greater => 'g',
        });
        rest = &rest[8 + a + b..];
    }
    println!("{answers}");
    Ok(())
}

/// A type by class and name, as files have it.
pub fn order(file: &str, key_type: &str) -> Outcome {
    macro_rules! types {
        ($($name:literal: $type:ty),* $(,)?) => {
            match key_type {
                $($name => order_pairs::<$type>(file),)*
                other => Err(format!("no type {other}").into()),
            }
        };
    }
    types! {
        "1 ()": (), "1 bool": bool, "1 char": char,
        "1 u8": u8, "1 u16": u16, "1 u32": u32, "1 u64": u64, "1 u128": u128,
        "1 i8": i8, "1 i16": i16, "1 i32": i32, "1 i64": i64, "1 i128": i128,
        "1 &str": &str, "1 String": String, "1 &[u8]": &[u8], "1 [u8;5]": [u8; 5],
        "1 [i16;3]": [i16; 3], "1 [[u16;2];2]": [[u16; 2]; 2], "1 [char;2]": [char; 2],
        "1 [&str;3]": [&str; 3], "1 [Option<u16>;2]": [Option<u16>; 2], "1 [(u8,&str);2]": [(u8, &str); 2],
        "1 Option<u32>": Option<u32>, "1 Option<&str>": Option<&str>, "1 Option<bool>": Option<bool>,
        "1 Option<Option<i8>>": Option<Option<i8>>, "1 Option<(u8,&str)>": Option<(u8, &str)>,
        "1 (u64,)": (u64,), "1 (&str,)": (&str,), "1 (u64,u32)": (u64, u32),
        "1 (i8,char,bool,u16)": (i8, char, bool, u16),
        "3 (u64,&str)": (u64, &str), "3 (&str,u8)": (&str, u8), "3 (&str,&str)": (&str, &str),
        "3 (&str,u16,&[u8],&str)": (&str, u16, &[u8], &str),
        "3 ((u8,&str),u8)": ((u8, &str), u8), "3 (Option<&str>,[&str;2],i32)": (Option<&str>, [&str; 2], i32),
        "3 (u8,i16,&str,bool,char,u64,&[u8],i8,u32,Option<u8>,i64,&str)":
            (u8, i16, &str, bool, char, u64, &[u8], i8, u32, Option<u8>, i64, &str),
        "1 (u64,&str)": Legacy<(u64, &str)>, "1 (&str,u8)": Legacy<(&str, u8)>,
        "1 (&str,u16,&[u8],&str)": Legacy<(&str, u16, &[u8], &str)>,
        "1 ((u8,&str),u8)": Legacy<(Legacy<(u8, &str)>, u8)>,
        "1 (Option<(u8,&str)>,i16)": Legacy<(Option<Legacy<(u8, &str)>>, i16)>,
        "2 chrono::NaiveDate": NaiveDate, "2 chrono::NaiveTime": NaiveTime,
        "2 chrono::NaiveDateTime": NaiveDateTime,
        "2 chrono::DateTime<chrono::FixedOffset>": DateTime<FixedOffset>,
        "2 chrono::FixedOffset": FixedOffset, "2 uuid::Uuid": Uuid,
        "3 (chrono::NaiveDate,uuid::Uuid,&str)": (NaiveDate, Uuid, &str),
        "1 Option<chrono::NaiveDateTime>": Option<NaiveDateTime>,
    }
}
