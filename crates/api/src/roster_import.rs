//! Importing a roster: the whole file is checked first, then written in one transaction, so that all of it counts or
//! nothing. Both passes read the file anew; only the phone numbers and the units' names are remembered.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::id::{MemberId, NodeId};
use domain::member::{Member, MemberState};
use domain::organisation::{Node, NodeKind};
use domain::roster::{CellError, Change, Column, Counts, Phones, RosterRow, RowProblem, settle};
use domain::time::Instant;
use storage::members::{self, Entry};
use storage::roster_imports::Problems;
use storage::{ReadTx, Vault, WriteTx, organisations};
use uuid::Uuid;

use crate::error::ApiResult;
use crate::roster_file::{Chunk, Limits, Reading};

/// What is imported where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file.
    pub file: Arc<[u8]>,
    /// How much it may hold.
    pub limits: Limits,
    /// The unit whose roster it is, or the district with all its units.
    pub at: Node,
    /// Whether units that are not in the tree are put there.
    pub create_units: bool,
    /// Today, in Beijing.
    pub today: NaiveDate,
}

/// The first pass: nothing is written.
#[derive(Debug)]
pub struct Checking {
    plan: Plan,
    reading: Reading,
    phones: Phones,
    units: Units,
    problems: Problems,
    rows: u64,
}

/// The second pass.
#[derive(Debug)]
pub struct Writing {
    plan: Plan,
    reading: Reading,
    units: Units,
    problems: Problems,
    counts: Counts,
    rows: u64,
}

impl Checking {
    /// Begins to check.
    pub fn begin(plan: Plan) -> Self {
        let reading = plan.read();
        let (phones, units, problems) = (Phones::default(), Units::default(), Problems::default());
        Self { plan, reading, phones, units, problems, rows: 0 }
    }

    /// Checks some rows and answers how many were checked so far; none at the end of the file.
    pub async fn step(&mut self, tx: &ReadTx, vault: &Vault) -> ApiResult<Option<u64>> {
        let Some(chunk) = next(&mut self.reading, &mut self.problems).await else { return Ok(None) };
        self.rows += count(&chunk);
        let mut rows = Vec::with_capacity(chunk.len());
        for row in chunk {
            match row {
                Ok(row) => match self.phones.note(&row.phone, row.line) {
                    Ok(()) => rows.push(row),
                    Err(reason) => self.refuse(&row, Column::Phone, reason),
                },
                Err(problems) => problems.iter().for_each(|problem| self.problems.of_cell(problem)),
            }
        }
        let mut placed = Vec::with_capacity(rows.len());
        for row in rows {
            match self.units.find(tx, &self.plan, &row.unit).await? {
                Some(unit) => placed.push((row, unit)),
                None => self.refuse(&row, Column::Unit, CellError::UnknownUnit),
            }
        }
        let phones: Vec<_> = placed.iter().map(|(row, _)| &row.phone).collect();
        let there = members::find_on_roster(tx, vault, &phones).await?;
        let within = std::slice::from_ref(&self.plan.at.path);
        for ((row, unit), there) in placed.iter().zip(&there) {
            if let Err(problem) = settle(row, *unit, there.as_ref(), within) {
                self.problems.of_cell(&problem);
            }
        }
        Ok(Some(self.rows))
    }

    fn refuse(&mut self, row: &RosterRow, column: Column, reason: CellError) {
        self.problems.of_cell(&RowProblem { line: row.line, column, reason });
    }

    /// How many rows were checked.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the first pass: what is wrong, or the second pass, ready to begin.
    pub fn end(self) -> Result<Writing, Problems> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let reading = self.plan.read();
        let (problems, counts) = (self.problems, Counts::default());
        Ok(Writing { plan: self.plan, reading, units: self.units, problems, counts, rows: 0 })
    }
}

impl Writing {
    /// Puts units that are new into the tree; to be called once, before the first step.
    pub async fn create_units(&mut self, tx: &mut WriteTx, now: Instant) -> ApiResult<u64> {
        let mut created = 0;
        for (name, unit) in &mut self.units.0 {
            let Some(Unit { id, new: true }) = *unit else { continue };
            if let Some(there) = organisations::find_unit_by_name(tx, name).await? {
                *unit = Some(Unit { id: there.id, new: false });
                continue;
            }
            organisations::insert_below(tx, self.plan.at.id, id, NodeKind::Unit, name, None, now).await?;
            created += 1;
        }
        Ok(created)
    }

    /// Writes some rows and answers how many were written so far; none at the end of the file. Whoever was put on the
    /// roster since the first pass is judged anew.
    pub async fn step(&mut self, tx: &mut WriteTx, vault: &Vault, now: Instant) -> ApiResult<Option<u64>> {
        let Some(chunk) = next(&mut self.reading, &mut self.problems).await else { return Ok(None) };
        self.rows += count(&chunk);
        let rows: Vec<RosterRow> = chunk.into_iter().filter_map(Result::ok).collect();
        let phones: Vec<_> = rows.iter().map(|row| &row.phone).collect();
        let there = members::lock_on_roster(tx, vault, &phones).await?;
        let within = std::slice::from_ref(&self.plan.at.path);
        let (mut created, mut updated) = (Vec::new(), Vec::new());
        for (row, there) in rows.into_iter().zip(there) {
            let Some(unit) = self.units.find(tx, &self.plan, &row.unit).await? else {
                self.problems.of_cell(&RowProblem {
                    line: row.line,
                    column: Column::Unit,
                    reason: CellError::UnknownUnit,
                });
                continue;
            };
            match settle(&row, unit, there.as_ref(), within) {
                Ok(change) => {
                    self.counts.count(change);
                    match (change, there) {
                        (Change::Create, _) => created.push(entry(row, unit, None)),
                        (Change::Update, Some(there)) => updated.push(entry(row, unit, Some(there.member))),
                        _ => {}
                    }
                }
                Err(problem) => self.problems.of_cell(&problem),
            }
        }
        let ids: Vec<MemberId> = created.iter().map(|entry| entry.member.id).collect();
        for (entry, number) in created.iter_mut().zip(members::free_numbers(tx, &ids).await?) {
            entry.member.number = number;
        }
        members::insert_many(tx, vault, &created, now).await?;
        members::update_many(tx, vault, &updated, now).await?;
        Ok(Some(self.rows))
    }

    /// What was done, to be committed; or what is wrong, and everything must be undone.
    pub fn end(self) -> Result<Counts, Problems> {
        if self.problems.is_empty() { Ok(self.counts) } else { Err(self.problems) }
    }
}

impl Plan {
    fn read(&self) -> Reading {
        Reading::begin(Arc::clone(&self.file), self.limits, self.today)
    }
}

/// Units by the names that the file gives them.
#[derive(Debug, Default)]
struct Units(HashMap<String, Option<Unit>>);

#[derive(Clone, Copy, Debug)]
struct Unit {
    id: NodeId,
    new: bool,
}

impl Units {
    async fn find(&mut self, tx: &ReadTx, plan: &Plan, name: &str) -> ApiResult<Option<NodeId>> {
        if let Some(known) = self.0.get(name) {
            return Ok(known.map(|unit| unit.id));
        }
        let found = match organisations::find_unit_by_name(tx, name).await? {
            Some(node) => plan.at.path.covers(&node.path).then_some(Unit { id: node.id, new: false }),
            None => plan.create_units.then(|| Unit { id: NodeId::new(Uuid::now_v7()), new: true }),
        };
        self.0.insert(name.to_owned(), found);
        Ok(found.map(|unit| unit.id))
    }
}

async fn next(reading: &mut Reading, problems: &mut Problems) -> Option<Chunk> {
    reading.next().await.unwrap_or_else(|error| {
        problems.of_file(error);
        None
    })
}

fn count<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

fn entry(row: RosterRow, unit: NodeId, there: Option<Member>) -> Entry {
    let (id, number) =
        there.map_or_else(|| (MemberId::new(Uuid::now_v7()), String::new()), |member| (member.id, member.number));
    let member = Member {
        id,
        number,
        name: row.name,
        phone_tail: row.phone.tail().into(),
        unit,
        category: row.category,
        state: MemberState::Active,
    };
    Entry { member, phone: row.phone, record: row.record }
}
