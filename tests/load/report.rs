//! What was measured, as one table, and whether it is good enough.

use std::fmt::Write as _;

use crate::drive::Outcome;

/// The connections of a load by clients.
const CONNECTIONS: &[usize] = &[8, 32, 64];

/// The transactions that a job has under way at the same time, as `jobs/batches.rs` says.
const TRANSACTIONS: &[usize] = &[4];

/// How much slower 64 connections on one offer may look than 8 before it is more than the noise of a run.
const NOISE: f64 = 0.1;

/// A load and what it is held to.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What is done.
    pub name: &'static str,
    /// The connections with which it is done, the floor with as many; the last is what a minimum is about.
    pub connections: &'static [usize],
    /// The least ratio to the floor.
    pub minimum: Option<f64>,
    /// Whether the most connections must do as well as the fewest.
    pub level: bool,
}

/// The loads in the order of the table.
pub mod cases {
    use super::{CONNECTIONS, Case, TRANSACTIONS};

    const fn free(name: &'static str) -> Case {
        Case { name, connections: CONNECTIONS, minimum: None, level: false }
    }

    const fn at_least(minimum: f64, name: &'static str) -> Case {
        Case { minimum: Some(minimum), ..free(name) }
    }

    pub const CATALOGUE: Case = at_least(0.4, "catalogue, warm cache");
    pub const SEARCH: Case = at_least(0.2, "catalogue, never cached");
    pub const OFFER: Case = at_least(0.2, "offer detail");
    pub const BALANCE: Case = at_least(0.2, "balance");
    pub const ENTRIES: Case = at_least(0.2, "entries, page of 20");
    pub const SIGN_IN: Case = free("login");
    pub const CHECK_IN: Case = free("check-in");
    pub const REDEEM: Case = at_least(0.6, "redeem, random offers");
    pub const REDEEM_HOT: Case = Case { level: true, ..free("redeem, one hot offer") };
    pub const VERIFY: Case = free("voucher confirmation");
    pub const EARN: Case = Case { connections: TRANSACTIONS, ..at_least(0.6, "credits of service, by the job") };
}

const ORDER: [Case; 11] = [
    cases::CATALOGUE,
    cases::SEARCH,
    cases::OFFER,
    cases::BALANCE,
    cases::ENTRIES,
    cases::SIGN_IN,
    cases::CHECK_IN,
    cases::REDEEM,
    cases::REDEEM_HOT,
    cases::VERIFY,
    cases::EARN,
];

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// The load.
    pub case: Case,
    /// Its connections.
    pub connections: usize,
    /// What came of it.
    pub outcome: Outcome,
    /// What the floor does with as many connections, each second.
    pub floor: f64,
    /// What the floor does if one statement says it all.
    pub in_one: Option<f64>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// The table's lines.
    pub rows: Vec<Row>,
    /// Sentences below the table.
    pub notes: Vec<String>,
    /// What is wrong.
    pub wrong: Vec<String>,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.outcome.rate / self.floor
    }
}

impl Report {
    /// Takes a line and says it at once.
    pub fn add(&mut self, row: Row) {
        eprintln!("{}", line(&row));
        if let Some(complaint) = &row.outcome.complaint {
            let (name, refused) = (row.case.name, row.outcome.refused);
            self.wrong.push(format!("{name}, {} connections: {refused} refused: {complaint}", row.connections));
        }
        self.rows.push(row);
    }

    /// Holds the lines to their minimum.
    pub fn judge(&mut self) {
        for case in ORDER {
            let row = |connections: Option<&usize>| {
                self.rows.iter().find(|row| row.case.name == case.name && Some(&row.connections) == connections)
            };
            let (Some(few), Some(many)) = (row(case.connections.first()), row(case.connections.last())) else {
                continue;
            };
            let (least, most) = (few.connections, many.connections);
            if let Some(minimum) = case.minimum.filter(|minimum| many.ratio() < *minimum) {
                let ratio = many.ratio();
                self.wrong.push(format!("{}: {ratio:.2} of the floor at {most} connections, not {minimum}", case.name));
            }
            if case.level && many.outcome.rate < few.outcome.rate * (1.0 - NOISE) {
                let (few, many) = (few.outcome.rate, many.outcome.rate);
                self.wrong.push(format!("{}: {few:.0}/s with {least} connections, {many:.0}/s with {most}", case.name));
            }
        }
    }

    /// The table, the notes, and what is wrong.
    pub fn print(&self) -> String {
        let mut text = String::from(
            "| | connections | a second | p50 ms | p99 ms | floor | ratio | at least | floor in one statement |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for case in ORDER {
            for row in self.rows.iter().filter(|row| row.case.name == case.name) {
                text.push_str(&line(row));
                text.push('\n');
            }
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        for wrong in &self.wrong {
            let _ = write!(text, "\n- WRONG: {wrong}");
        }
        text.push('\n');
        text
    }
}

fn line(row: &Row) -> String {
    let rate = row.outcome.rate;
    let within = |millis: Option<f64>| millis.map_or(String::new(), |millis| format!("{millis:.1}"));
    let (p50, p99) = (within(row.outcome.p50), within(row.outcome.p99));
    let minimum = row.case.minimum.filter(|_| row.case.connections.last() == Some(&row.connections));
    let minimum = minimum.map_or(String::new(), |minimum| minimum.to_string());
    let in_one = row.in_one.map_or(String::new(), |rate| format!("{rate:.0}"));
    let (name, connections, floor, ratio) = (row.case.name, row.connections, row.floor, row.ratio());
    format!("| {name} | {connections} | {rate:.0} | {p50} | {p99} | {floor:.0} | {ratio:.2} | {minimum} | {in_one} |")
}
