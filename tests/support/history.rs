//! A history: what clients asked for and what they were told, held against what the database kept.
//!
//! Every account numbers its entries without a gap, so the order in which they came is known exactly. The clients share
//! one count of questions and answers, so it is known too what was answered before something else was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

/// A place in the order of questions and answers.
pub type Moment = u64;

/// One thing that was asked for under one key, however often.
#[derive(Clone, Debug)]
pub struct Call {
    /// What names it for ever: the idempotency key, or the event that earned.
    pub key: String,
    /// Whose points.
    pub account: Uuid,
    /// What there is once it is done: the transfer, or the voucher that is used up.
    pub effect: Uuid,
    /// When it was first asked for.
    pub asked: Moment,
    /// What the client knows of it.
    pub outcome: Outcome,
}

/// What a client knows of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done {
        /// When the client was told.
        at: Moment,
        /// The balance after it, where the answer says so.
        balance: Option<i64>,
    },
    /// Every answer was a refusal.
    Refused,
    /// Some question was left unanswered and none was answered with yes.
    Unknown,
}

/// A look at an account's newest entry.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whose points.
    pub account: Uuid,
    /// When it was asked for.
    pub asked: Moment,
    /// When it was answered.
    pub at: Moment,
    /// The newest transfer and the balance after it; none if there was no entry.
    pub newest: Option<(Uuid, i64)>,
}

/// Everything that clients asked for and were told.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What should move points or use up a voucher.
    pub calls: Vec<Call>,
    /// What should change nothing.
    pub looks: Vec<Look>,
}

/// One entry of an account.
#[derive(Clone, Copy, Debug)]
pub struct KeptEntry {
    /// Its number within the account, from one.
    pub sequence: i64,
    /// The transfer.
    pub transfer: Uuid,
    /// What came in or went out.
    pub amount: i64,
    /// The balance after it.
    pub balance: i64,
}

/// What the database kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Every account's entries in their order.
    pub entries: BTreeMap<Uuid, Vec<KeptEntry>>,
    /// The voucher of every verification.
    pub verified: Vec<Uuid>,
    /// The keys whose answer is stored, and the events that earned.
    pub keys: BTreeSet<String>,
}

/// How what was told and what was kept can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Told yes, and it is not there.
    Lost,
    /// There more often than it was asked for, or by two keys at once.
    Doubled,
    /// Told no, and it is there.
    Denied,
    /// There, and nobody asked for it.
    Unasked,
    /// A balance that the account never had at that entry, or an entry that it never had.
    Misread,
    /// Older than what somebody had been told before the question.
    Stale,
    /// A gap in the numbers, or a balance that is not the sum of what came before.
    Broken,
}

/// A flaw and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub flaw: Flaw,
    /// Of which call, account or effect.
    pub of: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.flaw, self.of)
    }
}

/// Holds a history against what was kept. Ask once every call has ended.
pub fn check(history: &History, kept: &Kept) -> Vec<Finding> {
    let mut check = Check::new(history, kept);
    check.entries();
    check.effects();
    check.calls();
    check.looks();
    check.findings
}

struct Check<'a> {
    history: &'a History,
    kept: &'a Kept,
    /// Where each transfer stands in each account.
    places: BTreeMap<(Uuid, Uuid), KeptEntry>,
    /// How often each effect is there.
    effects: BTreeMap<Uuid, usize>,
    /// For each account, what was known of it when: the highest number told up to each moment.
    told: BTreeMap<Uuid, Vec<(Moment, i64)>>,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    fn new(history: &'a History, kept: &'a Kept) -> Self {
        let mut effects = BTreeMap::<Uuid, usize>::new();
        for effect in kept.entries.values().flatten().map(|entry| entry.transfer).chain(kept.verified.iter().copied()) {
            *effects.entry(effect).or_default() += 1;
        }
        let entries =
            kept.entries.iter().flat_map(|(account, entries)| entries.iter().map(move |entry| (account, entry)));
        let places = entries.map(|(account, entry)| ((*account, entry.transfer), *entry)).collect();
        let mut check = Self { history, kept, places, effects, told: BTreeMap::new(), findings: Vec::new() };
        check.told = check.told();
        check
    }

    fn found(&mut self, flaw: Flaw, of: impl fmt::Display) {
        self.findings.push(Finding { flaw, of: of.to_string() });
    }

    fn told(&self) -> BTreeMap<Uuid, Vec<(Moment, i64)>> {
        let done = self.history.calls.iter().filter_map(|call| match call.outcome {
            Outcome::Done { at, .. } => Some((call.account, call.effect, at)),
            Outcome::Refused | Outcome::Unknown => None,
        });
        let seen = self.history.looks.iter().filter_map(|look| Some((look.account, look.newest?.0, look.at)));
        let mut told = BTreeMap::<Uuid, Vec<(Moment, i64)>>::new();
        for (account, transfer, at) in done.chain(seen) {
            if let Some(entry) = self.places.get(&(account, transfer)) {
                told.entry(account).or_default().push((at, entry.sequence));
            }
        }
        for moments in told.values_mut() {
            moments.sort_unstable();
            let mut highest = 0;
            for (_, sequence) in moments {
                highest = highest.max(*sequence);
                *sequence = highest;
            }
        }
        told
    }

    /// The highest number that anybody had been told of the account before this moment.
    fn told_before(&self, account: Uuid, moment: Moment) -> i64 {
        let moments = self.told.get(&account).map_or(&[][..], Vec::as_slice);
        let earlier = moments.partition_point(|(at, _)| *at < moment);
        earlier.checked_sub(1).map_or(0, |last| moments[last].1)
    }

    fn entries(&mut self) {
        for (account, entries) in &self.kept.entries {
            let (mut sequence, mut balance) = (0, 0);
            for entry in entries {
                (sequence, balance) = (sequence + 1, balance + entry.amount);
                if (entry.sequence, entry.balance) != (sequence, balance) {
                    self.found(Flaw::Broken, format!("entry {sequence} of account {account}"));
                    break;
                }
            }
        }
    }

    /// An effect is there as often as there are keys that made it, and that is once.
    fn effects(&mut self) {
        let mut asked = BTreeMap::<Uuid, usize>::new();
        for call in &self.history.calls {
            *asked.entry(call.effect).or_default() += usize::from(self.kept.keys.contains(&call.key));
        }
        for (effect, times) in self.effects.clone() {
            match asked.get(&effect) {
                Some(1) if times == 1 => {}
                None | Some(0) => self.found(Flaw::Unasked, effect),
                Some(keys) => self.found(Flaw::Doubled, format!("{effect}: {times} times by {keys} keys")),
            }
        }
    }

    fn calls(&mut self) {
        for call in &self.history.calls {
            let key = self.kept.keys.contains(&call.key);
            let there = key && self.effects.contains_key(&call.effect);
            match call.outcome {
                Outcome::Done { .. } if !there => self.found(Flaw::Lost, &call.key),
                Outcome::Refused if key => self.found(Flaw::Denied, &call.key),
                // The key and what it did are kept together or not at all.
                Outcome::Unknown if key && !there => self.found(Flaw::Lost, &call.key),
                _ => {}
            }
            let Some(entry) = self.places.get(&(call.account, call.effect)).copied().filter(|_| there) else {
                continue;
            };
            if matches!(call.outcome, Outcome::Done { balance: Some(told), .. } if told != entry.balance) {
                self.found(Flaw::Misread, format!("the balance after {}", call.key));
            }
            if entry.sequence <= self.told_before(call.account, call.asked) {
                self.found(Flaw::Stale, &call.key);
            }
        }
    }

    fn looks(&mut self) {
        for look in &self.history.looks {
            let sequence = match look.newest {
                None => 0,
                Some((transfer, balance)) => match self.places.get(&(look.account, transfer)) {
                    Some(entry) if entry.balance == balance => entry.sequence,
                    _ => {
                        self.found(Flaw::Misread, format!("account {} at transfer {transfer}", look.account));
                        continue;
                    }
                },
            };
            if sequence < self.told_before(look.account, look.asked) {
                self.found(Flaw::Stale, format!("account {} at entry {sequence}", look.account));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: Uuid = Uuid::from_u128(1);
    const VOUCHER: Uuid = Uuid::from_u128(2);

    fn transfer(number: u128) -> Uuid {
        Uuid::from_u128(100 + number)
    }

    fn call(number: u128, asked: Moment, outcome: Outcome) -> Call {
        Call { key: format!("key {number}"), account: ACCOUNT, effect: transfer(number), asked, outcome }
    }

    fn done(at: Moment, balance: i64) -> Outcome {
        Outcome::Done { at, balance: Some(balance) }
    }

    fn look(asked: Moment, at: Moment, newest: Option<(u128, i64)>) -> Look {
        Look { account: ACCOUNT, asked, at, newest: newest.map(|(number, balance)| (transfer(number), balance)) }
    }

    fn entry(sequence: i64, number: u128, amount: i64, balance: i64) -> KeptEntry {
        KeptEntry { sequence, transfer: transfer(number), amount, balance }
    }

    /// Ten points come, four and three go, two refusals; the second spending stays unanswered; a voucher is used up.
    fn sound() -> (History, Kept) {
        let voucher = Call { effect: VOUCHER, ..call(9, 8, Outcome::Done { at: 9, balance: None }) };
        let late = Call { effect: VOUCHER, ..call(8, 8, Outcome::Refused) };
        let calls = vec![
            call(1, 1, done(2, 10)),
            call(2, 3, done(6, 6)),
            call(3, 4, Outcome::Unknown),
            call(4, 4, Outcome::Refused),
            call(5, 4, Outcome::Unknown),
            voucher,
            late,
        ];
        let looks = vec![look(0, 3, None), look(2, 5, Some((1, 10))), look(7, 10, Some((3, 3)))];
        let entries = vec![entry(1, 1, 10, 10), entry(2, 2, -4, 6), entry(3, 3, -3, 3)];
        let keys = ["key 1", "key 2", "key 3", "key 9"].map(String::from).into();
        let kept = Kept { entries: BTreeMap::from([(ACCOUNT, entries)]), verified: vec![VOUCHER], keys };
        (History { calls, looks }, kept)
    }

    #[track_caller]
    fn spoiled(spoil: impl FnOnce(&mut History, &mut Kept), flaws: &[Flaw]) {
        let (mut history, mut kept) = sound();
        spoil(&mut history, &mut kept);
        let findings = check(&history, &kept);
        assert_eq!(findings.iter().map(|finding| finding.flaw).collect::<Vec<_>>(), flaws, "{findings:?}");
    }

    fn entries(kept: &mut Kept) -> &mut Vec<KeptEntry> {
        kept.entries.get_mut(&ACCOUNT).expect("an account")
    }

    #[test]
    fn a_sound_history_has_no_flaw() {
        spoiled(|_, _| (), &[]);
    }

    #[test]
    fn what_was_acknowledged_and_is_not_there_is_lost() {
        let lose = |kept: &mut Kept| {
            entries(kept).truncate(1);
            kept.keys.remove("key 3");
        };
        spoiled(
            |history, kept| {
                lose(kept);
                kept.keys.remove("key 2");
                history.looks.pop();
            },
            &[Flaw::Lost],
        );
        // Its answer is kept, but what it says is not.
        spoiled(
            |history, kept| {
                lose(kept);
                history.looks.pop();
            },
            &[Flaw::Lost],
        );
        spoiled(
            |history, kept| {
                entries(kept).pop();
                history.looks.pop();
            },
            &[Flaw::Lost],
        );
        spoiled(|_, kept| kept.verified.clear(), &[Flaw::Lost]);
    }

    #[test]
    fn what_is_there_twice_is_doubled_whatever_the_client_knows() {
        spoiled(|_, kept| entries(kept).push(entry(4, 3, -3, 0)), &[Flaw::Doubled, Flaw::Misread]);
        spoiled(|_, kept| kept.verified.push(VOUCHER), &[Flaw::Doubled]);
        let both = |history: &mut History, kept: &mut Kept| {
            history.calls[6].outcome = Outcome::Done { at: 9, balance: None };
            kept.keys.insert("key 8".into());
        };
        spoiled(both, &[Flaw::Doubled]);
    }

    #[test]
    fn what_was_refused_is_not_there() {
        let denied = |_: &mut History, kept: &mut Kept| {
            entries(kept).push(entry(4, 4, -3, 0));
            kept.keys.insert("key 4".into());
        };
        spoiled(denied, &[Flaw::Denied]);
    }

    #[test]
    fn nothing_is_there_that_nobody_asked_for() {
        spoiled(|_, kept| entries(kept).push(entry(4, 77, 3, 6)), &[Flaw::Unasked]);
        spoiled(|_, kept| kept.keys.retain(|key| key != "key 3"), &[Flaw::Unasked]);
    }

    #[test]
    fn a_balance_is_the_sum_of_the_entries_up_to_the_one_that_is_shown() {
        spoiled(|history, _| history.looks[1].newest = Some((transfer(1), 9)), &[Flaw::Misread]);
        spoiled(|history, _| history.looks[2].newest = Some((transfer(5), 3)), &[Flaw::Misread]);
        spoiled(|history, _| history.calls[1].outcome = done(6, 7), &[Flaw::Misread]);
        spoiled(|_, kept| entries(kept)[2].sequence = 4, &[Flaw::Broken]);
        spoiled(|_, kept| entries(kept)[2].amount = -2, &[Flaw::Broken]);
    }

    #[test]
    fn nobody_is_shown_less_than_somebody_was_told_before() {
        spoiled(|history, _| history.looks.push(look(7, 8, Some((1, 10)))), &[Flaw::Stale]);
        spoiled(|history, _| history.looks.push(look(3, 8, None)), &[Flaw::Stale]);
        spoiled(|history, _| history.looks.push(look(11, 12, Some((2, 6)))), &[Flaw::Stale]);
        // Asked for after the third entry had been shown, it cannot be the second.
        spoiled(|history, _| (history.calls[1].asked, history.calls[1].outcome) = (11, done(12, 6)), &[Flaw::Stale]);
    }
}
