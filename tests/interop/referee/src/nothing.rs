//! nothing.rs: in place of an engine's own structures, for engines that have none rdb keeps for them.

use std::error::Error;

use crate::Options;

pub fn fill<T>(_: &T, _: &Options) -> Result<(), Box<dyn Error>> {
    Ok(())
}

pub fn compare<T>(_: &T, _: &Options) -> Result<(), Box<dyn Error>> {
    Ok(())
}
