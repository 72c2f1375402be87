//! Which consumer of a group reads which shard, and how a shard goes from one to another (cloud-api §6.6).
//!
//! Pure. Shards go round the living consumers in the order of their names. One that is to go elsewhere is left out
//! of what its holder is told, and stays its holder's until that one no longer lists it: so no two read it at once.

use std::collections::{BTreeMap, BTreeSet};

/// What a heartbeat comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Shards the consumer is told to read.
    pub(crate) told: Vec<i64>,
    /// Shards that become its own.
    pub(crate) taken: Vec<i64>,
    /// Shards that are its own no longer.
    pub(crate) released: Vec<i64>,
}

/// The turn of a consumer that lists what it holds; `holders` are the living consumers of shards so far.
pub(crate) fn turn(
    shards: &[i64],
    living: &[String],
    holders: &BTreeMap<i64, String>,
    name: &str,
    listed: &BTreeSet<i64>,
) -> Turn {
    let due = due(shards, living, name);
    let is_own = |shard: &i64| holders.get(shard).is_some_and(|holder| holder == name);
    let is_free = |shard: &i64| !holders.contains_key(shard);
    let of = |wanted: &dyn Fn(&i64) -> bool| shards.iter().copied().filter(|shard| wanted(shard)).collect();
    Turn {
        told: of(&|shard| due.contains(shard) && (is_own(shard) || is_free(shard))),
        taken: of(&|shard| is_free(shard) && (due.contains(shard) || listed.contains(shard))),
        released: of(&|shard| is_own(shard) && !due.contains(shard) && !listed.contains(shard)),
    }
}

/// The shards that one consumer among the living ones is to read.
fn due(shards: &[i64], living: &[String], name: &str) -> Vec<i64> {
    let turn = living.iter().position(|one| one == name);
    let turns = shards.iter().zip((0..living.len().max(1)).cycle());
    turns.filter_map(|(shard, at)| (Some(at) == turn).then_some(*shard)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The turn of `one` or `two`, of two shards that both belong to `one`.
    fn turn_of(name: &str, listed: &[i64]) -> Turn {
        let holders = BTreeMap::from([0, 1].map(|shard| (shard, "one".to_owned())));
        turn(
            &[0, 1],
            &["one".to_owned(), "two".to_owned()],
            &holders,
            name,
            &listed.iter().copied().collect(),
        )
    }

    #[test]
    fn shard_that_is_to_go_elsewhere_is_not_told_and_kept_while_it_is_listed() {
        assert_eq!(turn_of("one", &[0, 1]), Turn { told: vec![0], taken: vec![], released: vec![] });
    }

    #[test]
    fn shard_that_is_listed_no_longer_is_released() {
        assert_eq!(turn_of("one", &[0]), Turn { told: vec![0], taken: vec![], released: vec![1] });
    }

    #[test]
    fn shard_of_another_is_not_given() {
        assert_eq!(turn_of("two", &[1]), Turn { told: vec![], taken: vec![], released: vec![] });
    }

    #[test]
    fn free_shard_goes_to_who_is_due_or_lists_it() {
        let living = ["one".to_owned(), "two".to_owned()];
        let turn = |listed: &[i64]| {
            turn(&[0, 1], &living, &BTreeMap::new(), "two", &listed.iter().copied().collect())
        };
        assert_eq!(turn(&[]), Turn { told: vec![1], taken: vec![1], released: vec![] });
        assert_eq!(turn(&[0]), Turn { told: vec![1], taken: vec![0, 1], released: vec![] });
    }
}
