//! nothing.rs: in place of an engine's own structures, for engines that have none rdb keeps for them.

use std::error::Error;

use crate::Options;

pub fn fill<T>(_: &T, _: &Options) -> Result<(), Box<dyn Error>> {
    Ok(())
}

pub fn compare<T>(_: &T, _: &Options) -> Result<(), Box<dyn Error>> {
    Ok(())
}

pub fn texts(_: &Options) -> Result<(), Box<dyn Error>> {
    Err("this engine does not compress".into())
}

pub fn quirks(_: &Options) -> Result<(), Box<dyn Error>> {
    Err("this engine does not compress".into())
}

pub fn expire(_: &Options) -> Result<(), Box<dyn Error>> {
    Err("this engine has no tables whose values expire".into())
}

pub fn create_compressed<Database>(_: &str, _: &str) -> Result<Database, Box<dyn Error>> {
    Err("this engine does not compress".into())
}
