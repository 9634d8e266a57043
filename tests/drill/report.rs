//! What came of the cycles, as a line of a table.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::history::{Finding, Flaw};

/// The sums of a drill so far.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was killed, and on which database.
    pub name: String,
    /// How many cycles.
    pub cycles: usize,
    /// Calls that were answered with yes.
    pub acknowledged: usize,
    /// How many of these only when they were made again.
    pub rescued: usize,
    /// Calls that were answered with no.
    pub refused: usize,
    /// What of the history does not agree with the database.
    pub findings: Vec<Finding>,
    /// From the restart to the next acknowledged call, cycle by cycle.
    pub recoveries: Vec<Duration>,
    /// After how many cycles the books were right.
    pub right_books: usize,
    /// What is wrong, and in which cycle that was first seen.
    pub wrong: BTreeMap<String, usize>,
}

impl Report {
    /// The line.
    pub fn line(&self) -> String {
        let count = |flaw: Flaw| self.findings.iter().filter(|finding| finding.flaw == flaw).count();
        let (lost, doubled) = (count(Flaw::Lost), count(Flaw::Doubled));
        let other = self.findings.len() - lost - doubled;
        let mut sorted = self.recoveries.clone();
        sorted.sort_unstable();
        let half = sorted.get(sorted.len() / 2).map_or(0, Duration::as_millis);
        let most = sorted.last().map_or(0, Duration::as_millis);
        let Self { name, cycles, acknowledged, rescued, refused, right_books, .. } = self;
        format!(
            "| {name} | {cycles} | {acknowledged} | {rescued} | {refused} | {lost} | {doubled} | {other} | {half} | {most} | \
             {right_books} of {cycles} |"
        )
    }
}
