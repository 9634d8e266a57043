//! One run: the product is started, loaded in every way, and its books are summed up after each.

use std::sync::Arc;
use std::time::Duration;

use crate::Failure;
use crate::books::Books;
use crate::drive::{Job, Outcome, Pace, drive};
use crate::floor::Floor;
use crate::machine;
use crate::phones::Phones;
use crate::report::{Case, Report, Row};
use crate::server::Server;
use crate::settings::Settings;

/// Starts that are timed.
const STARTS: usize = 3;

/// The product under load, the floor beside it, and what was found so far.
pub struct Bench {
    pub(crate) settings: Settings,
    pub(crate) server: Server,
    pub(crate) floor: Floor,
    pub(crate) phones: Arc<Phones>,
    pub(crate) report: Report,
    pub(crate) books: Books,
    busy: Vec<f64>,
}

/// What the floor does each second with so many connections; and what it does, if one statement says it all.
type FloorRates<'a> = &'a dyn Fn(&Bench, usize) -> Result<(f64, Option<f64>), Failure>;

/// What is compared with what.
pub struct Measured<'a> {
    pub(crate) case: Case,
    /// Counts in the database, each of which grows by one with every success.
    pub(crate) counts: &'a [&'a str],
    /// The floor beside it.
    pub(crate) floor: FloorRates<'a>,
}

impl Bench {
    /// Starts the product a few times and keeps the last.
    pub fn start(settings: Settings) -> Result<Self, Failure> {
        let start = || settings.serve(&settings.database_url);
        let mut milliseconds = Vec::new();
        for _ in 1..STARTS {
            milliseconds.push(start()?.first_answer.as_millis());
        }
        let server = start()?;
        milliseconds.push(server.first_answer.as_millis());
        milliseconds.sort_unstable();
        std::thread::sleep(Duration::from_secs(3));
        let (idle, _) = server.memory()?;
        let mut report = Report::default();
        report.notes.push(format!("From start to first answer: {} ms.", milliseconds[STARTS / 2]));
        report.notes.push(format!("Resident memory idle: {idle} MiB."));
        let floor = Floor {
            pgbench: settings.pgbench.clone(),
            database_url: settings.floor_url.clone(),
            scripts: settings.scripts.clone(),
            phones: settings.phones,
            sessions: settings.sessions,
            batches: Books::new(settings.floor_url.clone())?.number("SELECT count(*) FROM floor_batch")?,
        };
        let phones = Arc::new(Phones::new(server.address));
        let books = Books::new(settings.database_url.clone())?;
        Ok(Self { settings, server, floor, phones, report, books, busy: Vec::new() })
    }

    /// Runs a load with each number of connections, half of the floor before it and half after it, because the machine
    /// itself is not always equally fast, and sums up the books.
    pub fn measure<J: Job>(
        &mut self,
        measured: &Measured<'_>,
        mut job: impl FnMut(&Self) -> Result<J, Failure>,
    ) -> Result<(), Failure> {
        self.measure_by(measured, |bench| {
            let job = job(bench)?;
            Ok(move |bench: &Self, connections| bench.drive(&job, connections))
        })
    }

    /// The same for a load of any kind: one closure makes it ready, what that answers lets it run.
    pub fn measure_by<F: FnOnce(&Self, usize) -> Result<Outcome, Failure>>(
        &mut self,
        measured: &Measured<'_>,
        mut prepare: impl FnMut(&Self) -> Result<F, Failure>,
    ) -> Result<(), Failure> {
        for &connections in measured.case.connections {
            let run = prepare(self)?;
            let before = self.counted(measured.counts)?;
            let (floor, in_one) = (measured.floor)(self, connections)?;
            let outcome = run(self, connections)?;
            self.compare(measured, &before, connections, &outcome)?;
            let (later_floor, later_in_one) = (measured.floor)(self, connections)?;
            let floor = f64::midpoint(floor, later_floor);
            let in_one = in_one.zip(later_in_one).map(|(one, other)| f64::midpoint(one, other));
            self.report.add(Row { case: measured.case, connections, outcome, floor, in_one });
            self.busy.push(machine::busy(Duration::from_millis(500))?);
            self.server.forget_log()?;
        }
        Ok(())
    }

    /// How long one half of a floor takes.
    pub(crate) fn half(&self) -> Duration {
        self.settings.time / 2
    }

    /// Loads the product with so many connections.
    pub(crate) fn drive(&self, job: &impl Job, connections: usize) -> Result<Outcome, Failure> {
        let (address, time) = (self.server.address, self.settings.time);
        Ok(drive(job, Pace { address, connections, warm_up: time / 8, time })?)
    }

    fn compare(
        &mut self,
        measured: &Measured<'_>,
        before: &[i64],
        connections: usize,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        if measured.counts.is_empty() {
            return Ok(());
        }
        let load = format!("{}, {connections} connections", measured.case.name);
        let after = self.counted(measured.counts)?;
        for ((sql, before), after) in measured.counts.iter().zip(before).zip(after) {
            let (told, kept) = (outcome.succeeded, after - before);
            if u64::try_from(kept).ok() != Some(told) {
                self.report.wrong.push(format!("{load}: {told} were told yes, and {kept} are kept ({sql})"));
            }
        }
        for (rule, violations) in self.books.unbalanced()? {
            self.report.wrong.push(format!("{load}: {rule}: {violations} times not"));
        }
        Ok(())
    }

    fn counted(&self, counts: &[&str]) -> Result<Vec<i64>, Failure> {
        counts.iter().map(|sql| Ok(self.books.number(sql)?)).collect()
    }

    /// The people with this number of phones.
    pub fn people(&self) -> Vec<String> {
        (0..self.settings.phones).map(|number| format!("m{number}")).collect()
    }

    /// Ends the product, judges, and gives the report.
    pub fn finish(mut self) -> Result<Report, Failure> {
        let (loaded, most) = self.server.memory()?;
        self.report.notes.push(format!("Resident memory after all loads: {loaded} MiB; at most {most} MiB."));
        let machine = machine::description();
        self.report.notes.push(format!("Machine: {machine}."));
        // Loads that are measured in another way have no pauses.
        if let Some(least) = self.busy.iter().copied().reduce(f64::min) {
            let most = self.busy.iter().copied().fold(least, f64::max);
            #[expect(clippy::cast_precision_loss, reason = "a few dozen pauses")]
            let mean = self.busy.iter().sum::<f64>() / self.busy.len() as f64;
            self.report.notes.push(format!(
                "In the pauses between the cells the machine was {mean:.0} % busy with other things ({least:.0} to {most:.0} %)."
            ));
        }
        self.report.judge();
        Ok(self.report)
    }
}
