// SPDX-License-Identifier: Apache-2.0

//! The smallest choice of sets that together hold everything (set cover).

/// Up to so many peers that still need a choice, the smallest set is found for certain;
/// time and memory double with each.
const MOST_EXACT: usize = 16;

/// A certificate to choose: its bytes, and which peers it verifies.
pub(super) struct Candidate {
    pub(super) bytes: usize,
    pub(super) verifies: Vec<bool>,
}

/// What was chosen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cover {
    /// Indices of candidates, in order.
    pub(super) chosen: Vec<usize>,
    /// Whether there is certainly no smaller one.
    pub(super) is_smallest: bool,
}

/// The candidates with the fewest bytes that together verify every one of `peers`;
/// `None` if even all of them do not. Of equals, the earlier ones.
pub(super) fn cover(candidates: &[Candidate], peers: usize) -> Option<Cover> {
    let verifying = |peer: usize| {
        candidates
            .iter()
            .enumerate()
            .filter(move |(_, one)| one.verifies.get(peer) == Some(&true))
            .map(|(index, _)| index)
    };
    // What alone verifies some peer is in every cover.
    let mut chosen = Vec::new();
    for peer in 0..peers {
        let mut these = verifying(peer);
        let first = these.next()?;
        if these.next().is_none() && !chosen.contains(&first) {
            chosen.push(first);
        }
    }
    let rest: Vec<usize> = (0..peers)
        .filter(|peer| !verifying(*peer).any(|one| chosen.contains(&one)))
        .collect();
    let is_smallest = rest.len() <= MOST_EXACT;
    chosen.extend(match is_smallest {
        true => exact(candidates, &rest)?,
        false => greedy(candidates, &rest)?,
    });
    chosen.sort_unstable();
    Some(Cover {
        chosen,
        is_smallest,
    })
}

/// For every set of peers the cheapest choice that verifies at least those, from the
/// empty set up.
fn exact(candidates: &[Candidate], peers: &[usize]) -> Option<Vec<usize>> {
    #[derive(Clone)]
    struct Choice {
        bytes: usize,
        chosen: Vec<usize>,
    }
    let masks: Vec<usize> = candidates
        .iter()
        .map(|one| {
            let bits = peers.iter().enumerate();
            bits.filter(|(_, peer)| one.verifies.get(**peer) == Some(&true))
                .fold(0, |mask, (bit, _)| mask | 1 << bit)
        })
        .collect();
    let mut best: Vec<Option<Choice>> = vec![None; 1 << peers.len()];
    *best.first_mut()? = Some(Choice {
        bytes: 0,
        chosen: Vec::new(),
    });
    for set in 0..best.len() {
        let Some(here) = best.get(set).cloned().flatten() else {
            continue;
        };
        // Some choice has to verify the first peer that is left: it may as well be next.
        let open = !set & (set + 1);
        for (index, (mask, one)) in masks.iter().zip(candidates).enumerate() {
            if mask & open == 0 {
                continue;
            }
            let bytes = here.bytes + one.bytes;
            if let Some(there) = best.get_mut(set | mask)
                && there.as_ref().is_none_or(|there| bytes < there.bytes)
            {
                let mut chosen = here.chosen.clone();
                chosen.push(index);
                *there = Some(Choice { bytes, chosen });
            }
        }
    }
    best.pop().flatten().map(|choice| choice.chosen)
}

/// The fewest bytes for each peer more, again and again; then without what turned out
/// not to be needed.
fn greedy(candidates: &[Candidate], peers: &[usize]) -> Option<Vec<usize>> {
    let verifies = |index: usize, peer: &usize| {
        candidates
            .get(index)
            .is_some_and(|one| one.verifies.get(*peer) == Some(&true))
    };
    let mut chosen: Vec<usize> = Vec::new();
    let mut rest = peers.to_vec();
    while !rest.is_empty() {
        let gain = |index: usize| rest.iter().filter(|peer| verifies(index, peer)).count();
        let (index, _) = candidates
            .iter()
            .enumerate()
            .filter(|(index, _)| gain(*index) > 0)
            // bytes / gain, without the fractions.
            .min_by(|(a, one), (b, other)| (one.bytes * gain(*b)).cmp(&(other.bytes * gain(*a))))?;
        rest.retain(|peer| !verifies(index, peer));
        chosen.push(index);
    }
    for index in chosen.clone() {
        let without = |peer: &usize| {
            let mut others = chosen.iter().filter(|one| **one != index);
            others.any(|one| verifies(*one, peer))
        };
        if peers.iter().all(without) {
            chosen.retain(|one| *one != index);
        }
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(list: &[(usize, &[usize])], peers: usize) -> Vec<Candidate> {
        list.iter()
            .map(|(bytes, verifies)| Candidate {
                bytes: *bytes,
                verifies: (0..peers).map(|peer| verifies.contains(&peer)).collect(),
            })
            .collect()
    }

    fn chosen(list: &[(usize, &[usize])], peers: usize) -> Option<Vec<usize>> {
        cover(&candidates(list, peers), peers).map(|cover| cover.chosen)
    }

    #[test]
    fn bytes_count_and_not_certificates() {
        assert_eq!(
            chosen(&[(500, &[0, 1]), (200, &[0]), (200, &[1])], 2),
            Some(vec![1, 2])
        );
        assert_eq!(
            chosen(&[(399, &[0, 1]), (200, &[0]), (200, &[1])], 2),
            Some(vec![0])
        );
        // Where greed goes wrong: the large one has the best start.
        let trap: &[(usize, &[usize])] = &[(40, &[0, 1, 2, 3]), (24, &[0, 1, 4]), (24, &[2, 3, 5])];
        assert_eq!(chosen(trap, 6), Some(vec![1, 2]));
        assert_eq!(
            greedy(&candidates(trap, 6), &[0, 1, 2, 3, 4, 5]),
            Some(vec![1, 2])
        );
    }

    #[test]
    fn a_peer_that_nothing_verifies_has_no_cover() {
        assert_eq!(chosen(&[(1, &[0])], 2), None);
        assert_eq!(chosen(&[], 1), None);
        assert_eq!(chosen(&[(1, &[])], 0), Some(vec![]));
    }

    #[test]
    fn it_is_the_smallest_of_all() {
        // A small generator of numbers, so that every run tries the same.
        let mut state = 1_u64;
        let mut next = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from((state >> 33) % below).unwrap()
        };
        for _ in 0..300 {
            let peers = 1 + next(7);
            let list: Vec<Candidate> = (0..1 + next(8))
                .map(|_| Candidate {
                    bytes: 1 + next(9),
                    verifies: (0..peers).map(|_| next(3) == 0).collect(),
                })
                .collect();
            let all = |subset: usize| {
                (0..peers).all(|peer| {
                    (0..list.len()).any(|one| subset >> one & 1 == 1 && list[one].verifies[peer])
                })
            };
            let bytes = |subset: usize| -> usize {
                let chosen = (0..list.len()).filter(|one| subset >> one & 1 == 1);
                chosen.map(|one| list[one].bytes).sum()
            };
            let smallest = (0..1_usize << list.len())
                .filter(|one| all(*one))
                .map(bytes)
                .min();
            let found = cover(&list, peers);
            let subset = found.as_ref().map(|cover| {
                assert!(cover.is_smallest);
                cover.chosen.iter().fold(0, |subset, one| subset | 1 << one)
            });
            assert!(subset.is_none_or(all));
            assert_eq!(subset.map(bytes), smallest);
            let every: Vec<usize> = (0..peers).collect();
            let greedy = greedy(&list, &every);
            assert_eq!(greedy.is_some(), smallest.is_some());
            let subset = greedy.map_or(usize::MAX, |chosen| {
                chosen.iter().fold(0, |subset, one| subset | 1 << one)
            });
            assert!(subset == usize::MAX || all(subset));
        }
    }

    #[test]
    fn many_peers_with_a_choice_are_covered_greedily() {
        let peers: Vec<usize> = (0..20).collect();
        let list: &[(usize, &[usize])] = &[(3, &peers), (2, &peers[..10]), (2, &peers[10..])];
        let cover = cover(&candidates(list, 20), 20).unwrap();
        assert_eq!((cover.chosen, cover.is_smallest), (vec![0], false));
        // Those without a choice do not count.
        let list: &[(usize, &[usize])] = &[(3, &peers[..19]), (2, &peers[19..])];
        let cover = super::cover(&candidates(list, 20), 20).unwrap();
        assert_eq!((cover.chosen, cover.is_smallest), (vec![0, 1], true));
    }
}
