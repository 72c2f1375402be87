//! Free loopback ports.
//!
//! Takes nothing; returns ports nobody listens on. Must never return a port of the kernel's ephemeral range:
//! there an outgoing connection could take the port of a server that is being restarted.

use anyhow::{Result, bail};
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;

/// Below Linux' default ephemeral range (32768-60999), above what services usually take.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;
/// A machine on which this many random picks are all taken has a different problem.
const ATTEMPTS: usize = 200;

/// A port on 127.0.0.1 that was free a moment ago.
///
/// # Errors
/// None was found.
pub fn free() -> Result<u16> {
    for _ in 0..ATTEMPTS {
        let offset = RandomState::new().hash_one(0_u8) % u64::from(COUNT);
        let port = FIRST + u16::try_from(offset)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("found no free port between {FIRST} and {} on 127.0.0.1", FIRST + COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let port = free().unwrap();
        let _held = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
    }

    #[test]
    fn ports_lie_below_the_ephemeral_range() {
        assert!((0..50).all(|_| (FIRST..FIRST + COUNT).contains(&free().unwrap())));
    }
}
