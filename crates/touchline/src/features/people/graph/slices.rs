//! Whose a shared device was, and when: logins one after the other, told by the facts about them.

use model::time::SECOND;
use model::{ActorId, Instant};

/// Is how long somebody is held to be still there, or already there: a visit ends after half an hour without a sign.
const VISIT: i64 = 30 * 60 * SECOND;

/// Returns the number of the visit to which a moment counts.
pub(in super::super) const fn visit_of(at: i64) -> i64 {
    at.div_euclid(VISIT)
}

/// Is the times at which a device was seen with somebody, sorted by time and then by who: by the identity's
/// own number, so that it does not matter in which order facts came.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Sightings(Vec<(i64, ActorId)>);

impl Sightings {
    /// Notes that the device was seen with somebody. Of one visit the earliest sighting of each counts, so that there
    /// are few. Returns, if that is news, who was seen with it right before and after: around the place of the new
    /// sighting and of the later one that it replaces, because either may gain or lose time.
    pub(super) fn note(&mut self, at: i64, user: ActorId) -> Option<Vec<ActorId>> {
        let visit = visit_of(at);
        let from = self.0.partition_point(|(seen, _)| visit_of(*seen) < visit);
        let same = self.0[from..].iter().take_while(|(seen, _)| visit_of(*seen) == visit).position(|(_, who)| *who == user);
        let mut around = Vec::new();
        if let Some(same) = same.map(|place| from + place) {
            if self.0[same].0 <= at {
                return None;
            }
            around.extend(self.around(same));
            self.0.remove(same);
        }
        let place = self.0.partition_point(|seen| *seen < (at, user));
        self.0.insert(place, (at, user));
        around.extend(self.around(place));
        Some(around)
    }

    fn around(&self, place: usize) -> impl Iterator<Item = ActorId> + '_ {
        let neighbours = [place.checked_sub(1), Some(place + 1)];
        neighbours.into_iter().flatten().filter_map(|place| self.0.get(place)).map(|(_, user)| *user)
    }

    /// Returns everybody who was seen, once each.
    pub(super) fn users(&self) -> Vec<ActorId> {
        let mut users: Vec<ActorId> = self.0.iter().map(|(_, user)| *user).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Returns each sighting.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, ActorId)> + '_ {
        self.0.iter().copied()
    }

    /// Returns whose the device was at a moment; `who` tells who somebody is.
    pub(super) fn owner<P: PartialEq>(&self, at: Instant, who: impl Fn(ActorId) -> P) -> Option<P> {
        owner(&self.0, at, who)
    }
}

/// Returns whose a device was at a moment, by its sightings in their order.
///
/// From one sighting of somebody to the next of the same, it was theirs. After the last it is theirs for a visit; before
/// the first, for a visit, if nobody else was just there. Otherwise nobody is known.
pub(in super::super) fn owner<A: Copy, P: PartialEq>(seen: &[(i64, A)], at: Instant, who: impl Fn(A) -> P) -> Option<P> {
    let next = seen.partition_point(|(seen, _)| *seen <= at.0);
    let person = |place: usize| seen.get(place).map(|(seen, user)| (*seen, who(*user)));
    match (next.checked_sub(1).and_then(person), person(next)) {
        (Some((_, user)), Some((_, same))) if user == same => Some(user),
        (Some((seen, user)), _) if at.0.saturating_sub(seen) <= VISIT => Some(user),
        (_, Some((seen, user))) if seen.saturating_sub(at.0) <= VISIT => Some(user),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * SECOND;

    fn sightings(all: &[(i64, u64)]) -> Sightings {
        let mut sightings = Sightings::default();
        for (minute, user) in all {
            sightings.note(minute * MINUTE, ActorId(*user));
        }
        sightings
    }

    fn check(all: &[(i64, u64)], expected: &[(i64, Option<u64>)]) {
        for (minute, user) in expected {
            assert_eq!(sightings(all).owner(Instant(minute * MINUTE), |user| user.0), *user, "minute {minute} of {all:?}");
        }
    }

    #[test]
    fn a_device_is_whose_login_it_is() {
        check(&[], &[(0, None)]);
        check(&[(100, 1)], &[(69, None), (70, Some(1)), (100, Some(1)), (130, Some(1)), (131, None)]);
        check(&[(0, 1), (500, 1)], &[(250, Some(1)), (531, None)]);
        check(&[(0, 1), (20, 2)], &[(-5, Some(1)), (10, Some(1)), (20, Some(2)), (50, Some(2))]);
        check(&[(0, 1), (100, 2), (200, 1)], &[(50, None), (75, Some(2)), (120, Some(2)), (180, Some(1)), (150, None)]);
        check(&[(0, 1), (0, 2)], &[(0, Some(2)), (-1, Some(1))]);
    }

    #[test]
    fn what_is_no_news_is_told() {
        let mut seen = sightings(&[(0, 1), (9, 3)]);
        assert_eq!(seen.note(0, ActorId(1)), None);
        assert_eq!(seen.note(VISIT, ActorId(1)), Some(vec![ActorId(3)]));
        assert_eq!(seen.note(VISIT - 1, ActorId(3)), None);
        assert_eq!(seen.note(5, ActorId(2)), Some(vec![ActorId(1), ActorId(3)]));
        assert_eq!(seen.users(), [1, 2, 3].map(ActorId));
    }

    #[test]
    fn an_earlier_sighting_tells_those_around_both_places() {
        // Of the visit from minute 0, 3 was last; seen at minute 0 instead, it leaves the end to 2.
        let mut seen = sightings(&[(20, 1), (20, 2), (20, 3)]);
        assert_eq!(seen.note(0, ActorId(3)), Some(vec![ActorId(2), ActorId(1)]));
    }
}
