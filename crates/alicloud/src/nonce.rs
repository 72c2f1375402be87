//! Numbers nobody has used before: the nonces of signatures and the jitter of waits.
//!
//! *Invariant:* from a seed the same numbers come in the same order, so that a whole run can be replayed.

use std::sync::{Mutex, PoisonError};

/// Step of the generator `SplitMix64` (Steele, Lea, Flood, 2014).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where nonces come from.
#[derive(Debug)]
pub struct Nonces(Option<Mutex<u64>>);

impl Nonces {
    /// From the randomness of the operating system: what a program uses.
    pub const fn random() -> Self {
        Self(None)
    }

    /// From a seed: what a test or a simulation uses. Two runs of one seed sign alike.
    pub const fn seeded(seed: u64) -> Self {
        Self(Some(Mutex::new(seed)))
    }

    /// Thirty-two hex digits.
    pub(crate) fn nonce(&self) -> String {
        format!("{:032x}", self.next())
    }

    /// A number from 0 up to, but not including, 1.
    pub(crate) fn fraction(&self) -> f64 {
        // The low bytes are random in either source; a UUID has fixed bits further up.
        let [low, high, ..] = self.next().to_le_bytes();
        f64::from(u16::from_le_bytes([low, high])) / 65536.0
    }

    fn next(&self) -> u128 {
        let Some(state) = &self.0 else { return uuid::Uuid::new_v4().as_u128() };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        u128::from(split_mix(&mut state)) << 64 | u128::from(split_mix(&mut state))
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GOLDEN);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (one, two, other) = (Nonces::seeded(7), Nonces::seeded(7), Nonces::seeded(8));
        let first = one.nonce();
        assert_eq!((first.len(), &first), (32, &two.nonce()));
        assert_ne!(one.nonce(), first);
        assert_ne!(other.nonce(), first);
    }

    #[test]
    fn fractions_stay_below_one_and_spread() {
        for nonces in [Nonces::seeded(1), Nonces::random()] {
            let drawn: Vec<f64> = (0..200).map(|_| nonces.fraction()).collect();
            assert!(drawn.iter().all(|fraction| (0.0..1.0).contains(fraction)));
            assert!(drawn.iter().any(|fraction| *fraction < 0.25));
            assert!(drawn.iter().any(|fraction| *fraction > 0.75));
        }
    }
}
