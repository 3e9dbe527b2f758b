//! composite_cases.rs: the cases whose types composites.rs has; names have dots where types have commas.

/// As engine.rs dispatches the others.
macro_rules! dispatch_composite {
    ($rows:expr, $method:ident $args:tt, $other:ident) => {
        match $other {
            "(u64.&str)-Option<u64>" => dispatch!(@ $rows, $method, (u64, Text), Option<u64>, $args),
            "(&str.&str)-(&str.u16.&[u8].&str)" => {
                dispatch!(@ $rows, $method, (Text, Text), (Text, u16, Octets, Text), $args)
            }
            "(u64.&str)-(&str.u8).legacy" => {
                dispatch!(@ $rows, $method, Old<(u64, Text)>, Old<(Text, u8)>, $args)
            }
            "(&str.&str)-(u64.u32).legacy" => {
                dispatch!(@ $rows, $method, Old<(Text, Text)>, (u64, u32), $args)
            }
            "Option<&str>-Vec<u16>" => dispatch!(@ $rows, $method, Option<Text>, Vec<u16>, $args),
            "Option<u64>-Vec<&str>" => dispatch!(@ $rows, $method, Option<u64>, Vec<Text>, $args),
            "[&str;2]-[(u8.&str);2]" => dispatch!(@ $rows, $method, Pair<Text>, Pair<(u8, Text)>, $args),
            "(u16.i8)-Option<&str>" => dispatch!(@ $rows, $method, (u16, i8), Option<Text>, $args),
            "((u8.&str).u8)-Vec<(u8.&str)>" => {
                dispatch!(@ $rows, $method, ((u8, Text), u8), Vec<(u8, Text)>, $args)
            }
            "NaiveDate-Uuid" => dispatch!(@ $rows, $method, NaiveDate, Uuid, $args),
            "NaiveTime-NaiveDate" => dispatch!(@ $rows, $method, NaiveTime, NaiveDate, $args),
            "NaiveDateTime-NaiveTime" => dispatch!(@ $rows, $method, NaiveDateTime, NaiveTime, $args),
            "DateTime-FixedOffset" => dispatch!(@ $rows, $method, DateTime<FixedOffset>, East, $args),
            "FixedOffset-DateTime" => dispatch!(@ $rows, $method, East, DateTime<FixedOffset>, $args),
            "Uuid-NaiveDateTime" => dispatch!(@ $rows, $method, Uuid, NaiveDateTime, $args),
            other => dispatch_own!($rows, $method $args, other),
        }
    };
}
