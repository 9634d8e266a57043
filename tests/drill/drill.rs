//! The cycles: load, kill, start again, go on, come home, compare.

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tests::binary::{Binary, wrong_books};
use tests::crowd::{Crowd, Size};
use tests::history::{Kept, Outcome};
use tests::{Client, TestApp};

use crate::report::Report;
use crate::settings::{Fault, Settings};

/// How many ask at once.
const CLIENTS: usize = 16;

/// Points and pieces that last for every cycle.
const SIZE: Size = Size { members: 40, points: 100_000, offers: 5, stock: 1_000_000 };

/// How long everything may take to serve again.
const LIMIT: Duration = Duration::from_secs(10);

/// How long PostgreSQL may take to start again: it first brings every file of its own to the disk.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long the crowd goes on after that.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// A database, the binary that serves it, and the crowd.
pub struct Drill {
    settings: Settings,
    app: TestApp,
    server: Binary,
    crowd: Arc<Crowd>,
    report: Report,
}

impl Drill {
    /// Fills a database and leaves it to the binary.
    pub async fn prepare(settings: Settings) -> Self {
        let app = TestApp::start().await;
        let crowd = Crowd::gather(&app, SIZE).await;
        app.leave().await;
        let server = serve(&app);
        let engine = if app.database_url.starts_with("postgres") { "PostgreSQL" } else { "SQLite" };
        let name = match settings.fault {
            Fault::Server => format!("the server, on {engine}"),
            Fault::Postgres { .. } => engine.into(),
        };
        Self { settings, app, server, crowd, report: Report { name, ..Report::default() } }
    }

    /// What came of the cycles so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// One cycle.
    pub async fn cycle(&mut self) {
        self.report.cycles += 1;
        self.crowd.move_to(vec![self.server.base.clone()]);
        self.crowd.sign_in().await;
        let out = self.crowd.send_out(CLIENTS, &[]);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(self.settings.moment.clone()))).await;
        let started = self.strike();
        self.recover(started).await;
        tokio::time::sleep(AFTERWARDS).await;
        self.crowd.call_home();
        out.join_all().await;
        self.compare().await;
    }

    /// Kills, and starts again what was killed; from when on the rest must find its feet.
    fn strike(&mut self) -> Instant {
        match &self.settings.fault {
            Fault::Server => {
                self.server.kill();
                let killed = Instant::now();
                self.server = serve(&self.app);
                self.crowd.move_to(vec![self.server.base.clone()]);
                killed
            }
            Fault::Postgres { data, start } => {
                let file = std::fs::read_to_string(data.join("postmaster.pid")).expect("PostgreSQL runs");
                let postmaster = file.lines().next().expect("its id");
                let killed = Command::new("kill").args(["-KILL", postmaster]).status().expect("kill runs");
                assert!(killed.success(), "PostgreSQL cannot be killed");
                start_again(start);
                Instant::now()
            }
        }
    }

    /// Waits until it is ready and a call was acknowledged.
    async fn recover(&mut self, since: Instant) {
        let anonymous = Client::anonymous(&self.server.base);
        let mut ready = None;
        while since.elapsed() < 3 * LIMIT {
            match ready {
                None => {
                    let asked = anonymous.request(reqwest::Method::GET, "//readyz").timeout(LIMIT);
                    let reply = anonymous.try_send(asked, "/readyz").await;
                    ready = reply.filter(|reply| reply.status == 200).map(|_| self.crowd.acknowledged());
                }
                Some(before) if self.crowd.acknowledged() > before => {
                    self.report.recoveries.push(since.elapsed());
                    break;
                }
                Some(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = since.elapsed();
        if took > LIMIT {
            self.report.wrong.insert(format!("nothing was served for {took:.1?}"), self.report.cycles);
        }
    }

    /// Everybody is home: what they were told must be what is kept.
    async fn compare(&mut self) {
        let (memory, kept) = (self.crowd.memory(), Kept::at(&self.app.database_url).await);
        let report = &mut self.report;
        let count =
            |outcome: fn(&Outcome) -> bool| memory.history.calls.iter().filter(|call| outcome(&call.outcome)).count();
        report.acknowledged = count(|outcome| matches!(outcome, Outcome::Done { .. }));
        report.refused = count(|outcome| *outcome == Outcome::Refused);
        report.rescued = memory.rescued;
        report.findings = self.crowd.check(&kept);
        let cycle = report.cycles;
        let mut wrong: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        wrong.extend(memory.surprises.into_iter().map(|answer| format!("an answer that nobody should get: {answer}")));
        match wrong_books(&self.app) {
            None => report.right_books += 1,
            Some(table) => wrong.push(table),
        }
        wrong.extend(unsound(&self.app).await);
        for wrong in wrong {
            report.wrong.entry(wrong).or_insert(cycle);
        }
    }
}

/// The binary; what it logs stands beside the directories of this run.
fn serve(app: &TestApp) -> Binary {
    let log = File::options().create(true).append(true).open(std::env::temp_dir().join("server.log"));
    Binary::serve_and_log(app, log.expect("a log").into())
}

/// PostgreSQL starts as soon as the last of its processes has noticed that the first is gone.
fn start_again(start: &[String]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut command = Command::new(&start[0]);
        let command = command.args(&start[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if command.status().expect("PostgreSQL's command runs").success() {
            return;
        }
        assert!(Instant::now() < until, "PostgreSQL does not start again");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is wrong with the database below the books.
async fn unsound(app: &TestApp) -> Option<String> {
    if app.database_url.starts_with("sqlite") {
        let said = app.texts("PRAGMA integrity_check").await;
        return (said != ["ok"]).then(|| said.join(", "));
    }
    let forgotten = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND state LIKE 'idle in transaction%' AND state_change < now() - interval '1 second'";
    let forgotten = app.number(forgotten).await;
    (forgotten > 0).then(|| format!("{forgotten} transactions are open and nobody goes on with them"))
}
