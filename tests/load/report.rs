//! What was measured, as one table, and whether it is good enough.

use std::fmt::Write as _;

use crate::drive::Outcome;

/// The connections of each load.
pub const CONNECTIONS: [usize; 3] = [8, 32, 64];

/// How much slower 64 connections on one offer may look than 8 before it is more than the noise of a run.
const NOISE: f64 = 0.1;

/// A load and what it is held to.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What is done.
    pub name: &'static str,
    /// The least ratio to the floor, at 64 connections.
    pub minimum: Option<f64>,
    /// Whether 64 connections must do as well as 8.
    pub level: bool,
}

/// The loads in the order of the table.
pub mod cases {
    use super::Case;

    const fn free(name: &'static str) -> Case {
        Case { name, minimum: None, level: false }
    }

    const fn at_least(minimum: f64, name: &'static str) -> Case {
        Case { name, minimum: Some(minimum), level: false }
    }

    pub const CATALOGUE: Case = at_least(0.4, "catalogue, warm cache");
    pub const SEARCH: Case = at_least(0.2, "catalogue, never cached");
    pub const OFFER: Case = at_least(0.2, "offer detail");
    pub const BALANCE: Case = at_least(0.2, "balance");
    pub const ENTRIES: Case = at_least(0.2, "entries, page of 20");
    pub const SIGN_IN: Case = free("login");
    pub const CHECK_IN: Case = free("check-in");
    pub const REDEEM: Case = free("redeem, random offers");
    pub const REDEEM_HOT: Case = Case { level: true, ..free("redeem, one hot offer") };
    pub const VERIFY: Case = free("voucher confirmation");
}

const ORDER: [Case; 10] = [
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
            let row =
                |connections| self.rows.iter().find(|row| row.case.name == case.name && row.connections == connections);
            let (Some(few), Some(many)) = (row(8), row(64)) else { continue };
            if let Some(minimum) = case.minimum.filter(|minimum| many.ratio() < *minimum) {
                let ratio = many.ratio();
                self.wrong.push(format!("{}: {ratio:.2} of the floor at 64 connections, not {minimum}", case.name));
            }
            if case.level && many.outcome.rate < few.outcome.rate * (1.0 - NOISE) {
                let (few, many) = (few.outcome.rate, many.outcome.rate);
                self.wrong.push(format!("{}: {few:.0}/s with 8 connections, {many:.0}/s with 64", case.name));
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
    let Outcome { rate, p50, p99, .. } = row.outcome;
    let minimum = row.case.minimum.filter(|_| row.connections == 64);
    let minimum = minimum.map_or(String::new(), |minimum| minimum.to_string());
    let in_one = row.in_one.map_or(String::new(), |rate| format!("{rate:.0}"));
    let (name, connections, floor, ratio) = (row.case.name, row.connections, row.floor, row.ratio());
    format!(
        "| {name} | {connections} | {rate:.0} | {p50:.1} | {p99:.1} | {floor:.0} | {ratio:.2} | {minimum} | {in_one} |"
    )
}
