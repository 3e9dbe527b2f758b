//! redb4: the referee on redb 4.x, a program of its own so that the ordinary one builds without it.
//!
//!     redb4 redb4 VERB FILE [FLAGS]       as in main.rs

mod nothing;
mod options;
mod rows;

pub use options::{Options, ALL};

mod engine {
    use redb4 as db;
    use crate::nothing as special;
    macro_rules! dispatch_composite {
        ($rows:expr, $method:ident $args:tt, $other:ident) => {
            Err(format!("no case {}", $other).into())
        };
    }
    include!("engine.rs");
}

fn main() {
    let (engine, options) = options::parse();
    if let Err(error) = engine::run(&options) {
        eprintln!("{engine} {}: {error}", options.verb);
        std::process::exit(1);
    }
}
